import assert from "node:assert/strict";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { build } from "../../sdk/builder/build.ts";
import { Image } from "../../sdk/definition/image.ts";
import { buildIn, buildTree } from "../support/case-build.ts";
import { cases, type TreePath, treeOf, yamlOf } from "../support/conformance.ts";
import { DIFFERENCES, withDifferences } from "../support/conformance-differences.ts";
import { conformanceImages, expectedTree, serveImages, writeImages } from "../support/conformance-images.ts";
import { unpackInitrd } from "../support/initrd.ts";
import { TestRegistry } from "../support/registry.ts";

const images = await conformanceImages();
const registry = await TestRegistry.start();
serveImages(images, registry);
const folder = await mkdtemp(join(tmpdir(), "conformance-"));
const layout = join(folder, "images");
await writeImages(images, layout);
after(async () => {
  await registry[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

const wanted = (name: string) => withDifferences(name, expectedTree(treeOf(name), images));
const mirrored = { registryMirrors: { "docker.io": registry.url } };

describe("the tree equals LinuxKit's", () => {
  for (const arch of ["amd64", "arm64"] as const) {
    for (const name of cases("accepted")) {
      test(`${name}, ${arch}, from a registry`, async () =>
        assert.deepEqual((await buildTree(yamlOf("accepted", name), folder, { ...mirrored, arch, name })).tree, wanted(name)));
    }
  }
  for (const name of cases("accepted")) {
    test(`${name}, from an OCI layout`, async () => {
      const yaml = yamlOf("accepted", name).replaceAll(/\bconf\/[a-z]+:1\b/g, (reference) => `oci:${layout}:docker.io/${reference}`);
      const { tree } = await buildTree(yaml, folder, { name: `${name}-layout` });
      const want = wanted(name);
      // the definition as text names the images as they are written
      if (name === "files-metadata") for (const from of [tree, want]) delete from["etc/linuxkit.yml"];
      assert.deepEqual(tree, want);
    });
  }
});

describe("the initrd unpacks to the same tree, without the files of boot loaders", () => {
  for (const name of ["minimal", "shared-image", "volumes", "files", "wide"]) {
    test(name, async () => {
      const [, initrd] = (await build(Image.fromYaml(yamlOf("accepted", name)), buildIn(folder, { ...mirrored, name }))).files;
      const want = wanted(name);
      for (const [path, { type, link, json }] of Object.entries(want)) {
        if (path.startsWith("boot/")) delete want[path];
        else if (type === "hardlink") want[path] = want[link ?? ""] as TreePath;
        // their texts are compared in the tar
        else if (json) delete want[path];
      }
      const got = Object.entries(unpackInitrd(await readFile(initrd?.path as string))).filter(
        ([path]) => !/^containers\/.*(config|runtime)\.json$/.test(path),
      );
      assert.deepEqual(Object.fromEntries(got), want);
    });
  }
});

describe("each listed difference exists:", () => {
  for (const { cases: named = cases("accepted"), paths, why, ours } of DIFFERENCES) {
    test(why, () => {
      for (const name of named.length === cases("accepted").length ? ["minimal"] : named) {
        const theirs = Object.entries(treeOf(name)).filter(([path]) => paths.test(path));
        assert.ok(theirs.length > 0, name);
        for (const [path, known] of theirs) assert.notDeepEqual(known, ours, path);
      }
    });
  }
});

test("builds with a full and with an empty cache give the same bytes, and a full cache pulls nothing", async () => {
  const first = await buildTree(yamlOf("accepted", "wide"), folder, { ...mirrored, name: "first" });
  const seen = registry.requests.length;
  const again = await buildTree(yamlOf("accepted", "wide"), folder, { ...mirrored, name: "again", lock: first.built.lock });
  assert.deepEqual(
    registry.requests.slice(seen).map(({ method, path }) => `${method} ${path}`),
    [],
  );
  const fresh = await buildTree(yamlOf("accepted", "wide"), folder, { ...mirrored, name: "fresh", cacheDir: join(folder, "fresh") });
  assert.equal(again.built.digest, first.built.digest);
  assert.equal(fresh.built.digest, first.built.digest);
  assert.deepEqual(fresh.built.lock, first.built.lock);
});
