import assert from "node:assert/strict";
import { chmod, mkdir, symlink, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { scratch } from "../support/judge.ts";
import { makeStack, type Stack } from "../support/engine.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const RUN_POLICY_PACK = createRequire(import.meta.url).resolve("@pulumi/pulumi/cmd/run-policy-pack");

/** A program with one image. `fields` are arguments of its service, `more` of the image. */
const program = (fields: string, more = ", harden: {}"): string => `
import * as pulumi from "@pulumi/pulumi";
import { debian, Image, ImageBuild, Kernel, Service } from "pulumi-linuxkit";
const image = debian.packages({ packages: ["busybox-static"], command: ["/bin/busybox", "sleep", "9"] });
const os = new Image({
  kernel: new Kernel({ image: debian.kernel(), cmdline: "console=ttyS0" }),
  init: [debian.init()],
  services: [new Service("web", { image, uid: 1000, net: "none", resources: { memory: { limit: 64 << 20 } }, ${fields} })]${more},
});
const build = new ImageBuild("web", { image: os });
// its outputs are unknown in a preview
new ImageBuild("next", { image: os.with({ services: [new Service("next", { image, uid: 1000, net: "none", resources: { memory: { limit: 64 << 20 } }, env: [pulumi.interpolate\`DIGEST=\${build.digest}\`] })] }) });
`;

interface Packed extends AsyncDisposable {
  readonly stack: Stack;
  /** Previews a program under the pack. `options` is their source text. */
  preview(program: string, options?: string): Promise<{ status: number | null; text: string }>;
}

/** A stack, and a policy pack as a user writes one. The engine's language host is too old to start packs, so a shim does. */
async function makePack(): Promise<Packed> {
  const home = await scratch();
  const [bin, pack] = [join(home.path, "bin"), join(home.path, "pack")];
  await mkdir(bin);
  await mkdir(join(pack, "node_modules"), { recursive: true });
  const shim = join(bin, "pulumi-analyzer-policy-nodeshim");
  await writeFile(shim, `#!/bin/sh\nexec node ${JSON.stringify(RUN_POLICY_PACK)} "$@"\n`);
  await chmod(shim, 0o755);
  await symlink(join(ROOT, "node_modules", "@pulumi"), join(pack, "node_modules", "@pulumi"));
  await symlink(ROOT, join(pack, "node_modules", "pulumi-linuxkit"));
  await writeFile(
    join(pack, "package.json"),
    JSON.stringify({ name: "acme-policies", version: "1.0.0", type: "module", main: "index.js" }),
  );
  await writeFile(
    join(pack, "PulumiPolicy.yaml"),
    "runtime: nodeshim\nmain: index.js\ndescription: what Acme asks of its operating systems\n",
  );
  const stack = await makeStack({ programs: [bin] });
  return {
    stack,
    async preview(text, options = "{}") {
      await stack.write("index.js", text);
      await writeFile(
        join(pack, "index.js"),
        `import { PolicyPack } from "@pulumi/policy";\nimport { policies } from "pulumi-linuxkit/policy";\nnew PolicyPack("acme", { policies: policies(${options}) });\n`,
      );
      return stack.run("preview", "--policy-pack", pack);
    },
    async [Symbol.asyncDispose]() {
      await stack[Symbol.asyncDispose]();
      await home[Symbol.asyncDispose]();
    },
  };
}

describe("the policy pack under the real engine", { timeout: 300_000 }, () => {
  test("a mandatory finding fails the preview, an advisory one is shown, a waived one passes until the waiver expires", async () => {
    await using packed = await makePack();
    const good = await packed.preview(program(""));
    assert.equal(good.status, 0, good.text);
    assert.doesNotMatch(good.text, /sp800-190-|can't be known/);

    const bad = program('capabilities: ["CAP_SYS_ADMIN"], net: "host"');
    const refused = await packed.preview(bad);
    assert.notEqual(refused.status, 0, refused.text);
    assert.match(refused.text, /\[mandatory\].*sp800-190-dangerous-capability +\(linuxkit:index:ImageBuild: web\)/);
    assert.match(
      refused.text,
      /image\.services\.web\.capabilities\[0\]: got "CAP_SYS_ADMIN": it can mount.*; name only the capabilities that it needs/,
    );
    assert.match(refused.text, /\[advisory\].*sp800-190-host-network/);

    const waiver = '{ rule: "dangerous-capability", path: "services.web", reason: "it mounts the backup", until: "2999-12-31" }';
    const waived = await packed.preview(bad, `{ waive: [${waiver}] }`);
    assert.equal(waived.status, 0, waived.text);
    assert.doesNotMatch(waived.text, /dangerous-capability/);
    assert.match(waived.text, /sp800-190-host-network/);

    const lapsed = await packed.preview(bad, `{ waive: [${waiver.replace("2999", "2020")}] }`);
    assert.notEqual(lapsed.status, 0);
    assert.match(lapsed.text, /it was waived until 2020-12-31: it mounts the backup/);

    const bare = await packed.preview(program("", ""));
    assert.notEqual(bare.status, 0);
    assert.match(
      bare.text,
      /sp800-190-kernel-hardened[\s\S]*image\.harden: the kernel, which all containers share, is not hardened; use harden\(image, \{ profile: "default" \}\)/,
    );
  });
});
