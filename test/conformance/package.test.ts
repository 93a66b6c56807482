import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { builtTree } from "../support/built-tree.ts";
import { treeOf, yamlOf } from "../support/conformance.ts";
import { withDifferences } from "../support/conformance-differences.ts";
import { conformanceImages, expectedTree, serveImages } from "../support/conformance-images.ts";
import { TestRegistry } from "../support/registry.ts";

const folder = await mkdtemp(join(tmpdir(), "package-"));
after(() => rm(folder, { recursive: true }));

const PROGRAM = `
import { readFileSync } from "node:fs";
import { build, Image } from "pulumi-linuxkit";

const [yaml, outputDir, mirror, arch] = process.argv.slice(2);
const image = Image.fromYaml(readFileSync(yaml, "utf8"));
await build(image, { format: "tar", outputDir, arch, name: arch, registryMirrors: { "docker.io": mirror } });
`;

test("the built package builds LinuxKit's YAML without a Pulumi engine, for both architectures", async () => {
  const images = await conformanceImages();
  await using registry = await TestRegistry.start();
  serveImages(images, registry);
  await mkdir(join(folder, "node_modules"));
  await symlink(fileURLToPath(new URL("../..", import.meta.url)), join(folder, "node_modules", "pulumi-linuxkit"));
  await writeFile(join(folder, "build.mjs"), PROGRAM);
  await writeFile(join(folder, "os.yml"), yamlOf("accepted", "wide"));
  // without the engine, logins and cache of the host
  const env = { PATH: process.env.PATH, HOME: folder, PULUMI_LINUXKIT_CACHE: join(folder, "cache") };
  for (const arch of ["amd64", "arm64"]) {
    await promisify(execFile)(process.execPath, ["build.mjs", "os.yml", "out", registry.url, arch], { cwd: folder, env });
    assert.deepEqual(await builtTree(join(folder, "out", `${arch}.tar`)), withDifferences("wide", expectedTree(treeOf("wide"), images)));
  }
});
