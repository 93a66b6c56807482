import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Properties, Value } from "../../sdk/plugin/value.ts";
import { printsCommandLine } from "../../sdk/resource/plugin/printed-command-line.ts";
import { IMAGE, SERVICE, subject, type } from "./image-build-subject.ts";

const PACKAGES = {
  debian: {
    ...{ role: "packages", packages: ["nginx-light"], dependencies: "slim", keep: [], users: [], groups: [] },
    files: [{ path: "etc/token", contents: "a" }],
  },
  config: {},
} as unknown as Properties;

const INIT = { debian: { role: "init", packages: ["crun"], dependencies: "slim", keep: [], users: [], groups: [], files: [] }, config: {} };

async function refused(inputs: Properties, secrets: readonly string[]): Promise<string[]> {
  const isSecret = (path: string): boolean =>
    secrets.some((one) => path === one || path.startsWith(`${one}.`) || path.startsWith(`${one}[`));
  const { failures = [] } = (await type.check?.({ ...subject, inputs, isSecret })) ?? {};
  return failures.map(({ path, message }) => `${path}: ${message}`);
}

const full = (more: Readonly<Record<string, Value>> = {}) => ({
  ...IMAGE,
  kernel: { image: "linuxkit/kernel:6.6", cmdline: "console=ttyS0 quiet" },
  init: ["linuxkit/init:1"],
  onboot: [{ name: "dhcp", image: "linuxkit/dhcpcd:1" }],
  onshutdown: [{ name: "last", image: "alpine:3" }],
  services: { web: SERVICE, slim: { image: PACKAGES } },
  volumes: { data: { image: "alpine:3" }, disk: { persistent: { label: "data", serial: "d1" } } },
  ...more,
});

describe("a secret where a name is shown in clear is refused", () => {
  const shown: Readonly<Record<string, string>> = {
    name: "the files' names",
    "image.kernel.image": "the lock and the SBOM",
    "image.init[0]": "the lock and the SBOM",
    "image.onboot[0].image": "the lock and the SBOM",
    "image.onshutdown[0].image": "the lock and the SBOM",
    "image.services.web.image": "the lock and the SBOM",
    "image.volumes.data.image": "the lock and the SBOM",
    "image.services.slim.image.debian.packages[0]": "the lock and the SBOM",
    "image.onboot[0].name": "the machine's console",
    "image.onshutdown[0].name": "the machine's console",
    "image.volumes.disk.persistent.label": "the machine's console",
    "image.volumes.disk.persistent.serial": "the machine's console",
  };
  for (const [path, shows] of Object.entries(shown))
    test(path, async () =>
      assert.deepEqual(await refused({ image: full(), name: "web" }, [path]), [
        `${path}: got a secret, which ${shows} would show in clear: wanted it without the mark, as of pulumi.unsecret`,
      ]),
    );

  test("also where something around it is the secret", async () =>
    assert.deepEqual(
      (await refused({ image: full() }, ["image.services"])).map((text) => text.split(":")[0]),
      ["image.services.web.image", "image.services.slim.image.debian.packages[0]"],
    ));
});

test("a secret value is taken: a file's content, an environment, a command, a file of packages", async () => {
  const services = { web: { ...SERVICE, env: ["A=b"], command: ["x"], secrets: { db: "c" } }, slim: { image: PACKAGES } };
  const image = full({ services, files: [{ path: "etc/motd", contents: "a" }] });
  const values = ["files[0].contents", "services.web.env", "services.web.command[0]", "services.web.secrets.db"];
  const paths = [...values, "services.slim.image.debian.files[0].contents", "kernel.cmdline"].map((path) => `image.${path}`);
  assert.deepEqual(await refused({ image }, paths), []);
});

describe("the kernel prints its command line", () => {
  const words: readonly (readonly [string, boolean, boolean])[] = [
    ["", true, false],
    ["quiet", false, false],
    ["debug", true, true],
    ["quiet debug", true, true],
    ["debug quiet", false, false],
    ["loglevel=5", false, false],
    ["loglevel=6", true, true],
    ["quiet loglevel=7", true, true],
    ["quiet ignore_loglevel", true, true],
    ["-- quiet", true, true],
    ["quiet -- debug", false, false],
    ["loglevel=x", true, false],
  ];
  for (const [line, bare, own] of words)
    test(`after ${JSON.stringify(line)}: ${bare}, with the guest's own init ${own}`, () =>
      assert.deepEqual([printsCommandLine(`a=b ${line}`, false), printsCommandLine(`a=b ${line}`, true)], [bare, own]));

  test("and a secret in it is refused then", async () => {
    const image = (cmdline: string, init: Value) => ({ image: full({ init, kernel: { image: "linuxkit/kernel:6.6", cmdline } }) });
    const secret = ["image.kernel.cmdline"];
    const said = /^image\.kernel\.cmdline: got a secret, which the kernel would print to its console: wanted the word quiet/;
    assert.match((await refused(image("token=x", ["linuxkit/init:1"]), secret)).join(), said);
    assert.deepEqual(await refused(image("token=x quiet", ["linuxkit/init:1"]), secret), []);
    assert.deepEqual(await refused(image("token=x", [INIT as unknown as Value]), secret), []);
    assert.match((await refused(image("token=x debug", [INIT as unknown as Value]), secret)).join(), said);
  });
});
