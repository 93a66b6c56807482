import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { makeStack } from "../support/engine.ts";
import { KINDS, leakOf } from "../support/planted.ts";
import { Random, seed } from "../support/random.ts";

const SEED = seed();

/** At -v=9 the engine writes each value that it sends or gets, of every provider's (pulumi, sdk/go/common/resource/plugin/rpc.go). */
const ENGINES_OWN = /"(?:Unm|M)arshaling property for RPC\[/;

/** Resources with many wrong inputs each, because the engine ends at the first resource that is refused. `KEY` is a secret. */
const RESOURCES: readonly string[] = [
  `build(
    {
      env: KEY, command: KEY, binds: [KEY], capabilities: [KEY, pulumi.output("NONSENSE")], hostname: KEY, uts: "new",
      secrets: { db: KEY.apply((text) => [text]) }, readonly: KEY, rlimits: [KEY], cgroupsPath: KEY, devices: KEY,
    },
    {}, { cmdline: KEY.apply((text) => "a=" + text + "\\n") })`,
  `build({ env: [KEY] }, {
    secureBoot: { key: KEY, certificate: KEY, passphrase: KEY }, push: { to: KEY, sign: KEY },
    cache: { to: KEY, sign: KEY, from: [KEY] }, verify: { "docker.io": KEY }, debianMirror: KEY, registryMirrors: { "docker.io": KEY },
    name: KEY.apply((text) => text + " /"), formats: [KEY, "nonsense"], diskMiB: KEY, sbom: KEY,
  })`,
  `raw("ImageBuild", { artifact: KEY, name: KEY, formats: KEY })`,
  `raw("QemuVm", {
    kernel: KEY, disk: KEY, digest: KEY, publish: [KEY], memoryMiB: KEY, userData: [KEY], secrets: { web: { "..": KEY, a: [KEY] } },
  })`,
];

const program = (resource: string) => `
import * as pulumi from "@pulumi/pulumi";
import { Image, Kernel, Service, ImageBuild } from "pulumi-linuxkit";
const config = new pulumi.Config();
const raw = (type, args) => new pulumi.CustomResource("linuxkit:index:" + type, "it", args);
const build = (service, args = {}, kernel = {}) => new ImageBuild("it", {
  image: new Image({ kernel: new Kernel({ image: "x/kernel:1", ...kernel }), services: [new Service("web", { image: "nginx:1.27", ...service })] }),
  ...args,
});
${resource};
`;

describe(`under the real engine (TEST_SEED=${SEED})`, () => {
  test("no failing input shows its secret, in the output or in what -v=9 logs of us", { timeout: 400_000 }, async () => {
    const random = new Random(SEED);
    const kinds = Object.keys(KINDS).filter((kind) => kind !== "tiny") as (keyof typeof KINDS)[];
    const secrets: string[] = [];
    const programs = RESOURCES.map((resource) =>
      program(
        resource.replaceAll("KEY", () => {
          secrets.push(KINDS[kinds[secrets.length % kinds.length] as keyof typeof KINDS](random));
          return `config.requireSecret("s${secrets.length - 1}")`;
        }),
      ),
    );
    assert.ok(secrets.length >= 36, `${secrets.length}`);
    await using stack = await makeStack({ files: { "index.js": "" } });
    await stack.must("config", "set-all", ...secrets.flatMap((value, index) => ["--secret", `s${index}=${value}`]));
    for (const text of programs) {
      await stack.write("index.js", text);
      const { status, text: all } = await stack.run("preview", "--diff", "-v=9", "--logtostderr");
      const shown = all
        .split("\n")
        .filter((line) => !ENGINES_OWN.test(line))
        .join("\n");
      assert.notEqual(status, 0);
      assert.match(shown, /resource 'it'.*got a secret/);
      for (const [index, secret] of secrets.entries()) {
        const leak = leakOf(shown, secret);
        const at = leak === undefined ? 0 : shown.indexOf(leak);
        assert.equal(
          leak,
          undefined,
          `s${index} ${JSON.stringify(secret)} of ${text}\nin …${shown.slice(Math.max(0, at - 400), at + 200)}…`,
        );
      }
    }
  });
});
