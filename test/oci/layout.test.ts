import assert from "node:assert/strict";
import { mkdir, mkdtemp, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, describe, test } from "node:test";
import { gzipSync } from "node:zlib";
import { type Entry, fileEntry, symlinkEntry } from "../../sdk/archive/entry.ts";
import { BlobStore } from "../../sdk/cache/blob-store.ts";
import { digestOf, hexOf } from "../../sdk/core/digest.ts";
import { pullImage } from "../support/pull-image.ts";
import { writeLayout } from "../support/write-layout.ts";
import { TestRegistry } from "../support/registry.ts";
import { addImage, tarOf } from "../support/test-image.ts";

const AMD64 = { os: "linux", architecture: "amd64" };

async function folders(context: TestContext): Promise<{ baseDirectory: string; store: BlobStore }> {
  const baseDirectory = await mkdtemp(join(tmpdir(), "layout-"));
  context.after(() => rm(baseDirectory, { recursive: true }));
  return { baseDirectory, store: new BlobStore(join(baseDirectory, "cache")) };
}

/** A layout of two images, tagged `docker.io/o/x:1` and `two`. */
async function layout(context: TestContext) {
  const { baseDirectory, store } = await folders(context);
  await using registry = await TestRegistry.start();
  const auth = async () => undefined;
  const directory = join(baseDirectory, "images");
  const images = [];
  for (const [tag, content] of [
    ["docker.io/o/x:1", "1"],
    ["two", "2"],
    ["two", "3"],
  ] as const) {
    const descriptor = await addImage(registry, "o/x", [[fileEntry("a", content)]], { tags: ["t"] });
    const image = await pullImage(`${registry.host}/o/x:t`, AMD64, { store, auth });
    await writeLayout(directory, tag, descriptor, [image.manifest.config, ...image.manifest.layers], store);
    images.push(image);
  }
  return { baseDirectory, directory, images, fresh: { baseDirectory, store: new BlobStore(join(baseDirectory, "fresh")) } };
}

test("images of a layout are found by tag, and a tag that is written again moves", async (context) => {
  const { images, fresh, directory } = await layout(context);
  assert.equal((await pullImage("oci:images:docker.io/o/x:1", AMD64, fresh)).digest, images[0]?.digest);
  const two = await pullImage("oci:images:two", AMD64, fresh);
  assert.equal(two.digest, images[2]?.digest);
  assert.equal(two.name, "oci:images:two");
  for (const { digest } of two.manifest.layers) assert.ok(await fresh.store.find(digest));
  assert.equal(JSON.parse(await readFile(join(directory, "index.json"), "utf8")).manifests.length, 2);
  assert.equal(await readFile(join(directory, "oci-layout"), "utf8"), '{"imageLayoutVersion":"1.0.0"}');
});

test("errors name what a layout lacks or has wrong", async (context) => {
  const { images, fresh, directory } = await layout(context);
  await assert.rejects(pullImage("oci:images:three", AMD64, fresh), {
    code: "NOT_FOUND",
    message: /images has no three; it has docker\.io\/o\/x:1, two/,
  });
  await assert.rejects(pullImage("oci:images", AMD64, fresh), { code: "NOT_FOUND", message: /holds 2 images: name one, as oci:/ });
  await assert.rejects(pullImage("oci:nowhere:1", AMD64, fresh), {
    code: "NOT_FOUND",
    message: /is not an OCI layout: its oci-layout cannot be read/,
  });
  const [layer] = images[2]?.manifest.layers ?? [];
  const blob = join(directory, "blobs", "sha256", hexOf(layer?.digest ?? digestOf("")));
  await writeFile(blob, "x");
  await assert.rejects(pullImage("oci:images:two", AMD64, fresh), { code: "SIZE_MISMATCH" });
  await rm(blob);
  await assert.rejects(pullImage("oci:images:two", AMD64, fresh), { code: "NOT_FOUND", message: /the layout is incomplete/ });
  await writeFile(join(directory, "oci-layout"), '{"imageLayoutVersion":"2.0.0"}');
  await assert.rejects(pullImage("oci:images:two", AMD64, fresh), { code: "UNSUPPORTED" });
});

describe("docker-archives", () => {
  const config = (tars: Buffer[]) =>
    Buffer.from(
      JSON.stringify({ os: "linux", architecture: "amd64", rootfs: { type: "layers", diff_ids: tars.map((tar) => digestOf(tar)) } }),
    );
  async function archive(context: TestContext, members: (one: Buffer, two: Buffer) => Entry[], { gzip = false } = {}) {
    const options = await folders(context);
    const tar = await tarOf(members(await tarOf([fileEntry("a", "1")]), await tarOf([fileEntry("b", "2")])));
    await writeFile(join(options.baseDirectory, "x.tar"), gzip ? gzipSync(tar) : tar);
    return options;
  }
  const list = (...images: object[]) => fileEntry("manifest.json", JSON.stringify(images));

  test("hold plain, compressed and shared layers in any order", async (context) => {
    for (const gzip of [false, true]) {
      const options = await archive(
        context,
        (one, two) => [
          list({ Config: "c.json", RepoTags: ["o/x:1"], Layers: ["1/layer.tar", "2.tar.gz", "3/layer.tar"] }),
          fileEntry("1/layer.tar", one),
          fileEntry("c.json", config([one, two, one])),
          symlinkEntry("3/layer.tar", "../1/layer.tar"),
          fileEntry("2.tar.gz", gzipSync(two)),
        ],
        { gzip },
      );
      const image = await pullImage("docker-archive:x.tar", AMD64, options);
      assert.deepEqual(
        image.manifest.layers.map(({ mediaType }) => mediaType.replace(/.*\./, "")),
        ["tar", "tar+gzip", "tar"],
      );
      for (const { digest, size } of image.manifest.layers) assert.equal((await options.store.find(digest))?.size, size);
      assert.equal((await pullImage("docker-archive:x.tar:docker.io/o/x:1", AMD64, options)).digest, image.digest);
    }
  });
  test("of several images need the name of one", async (context) => {
    const options = await archive(context, (one) => [
      fileEntry("c.json", config([one])),
      fileEntry("l", one),
      list({ Config: "c.json", RepoTags: ["x:1"], Layers: ["l"] }, { Config: "c.json", RepoTags: null, Layers: ["l"] }),
    ]);
    await pullImage("docker-archive:x.tar:x:1", AMD64, options);
    await assert.rejects(pullImage("docker-archive:x.tar", AMD64, options), {
      code: "NOT_FOUND",
      message: /holds 2 images: name one, as docker-archive:.*; it has x:1/,
    });
    await assert.rejects(pullImage("docker-archive:x.tar:x:2", AMD64, options), { code: "NOT_FOUND", message: /has no x:2; it has x:1/ });
  });
  test("that are malformed are refused with what is wrong", async (context) => {
    const missing = await archive(context, () => [list({ Config: "c.json", Layers: [] })]);
    await assert.rejects(pullImage("docker-archive:x.tar", AMD64, missing), {
      code: "CORRUPT",
      message: /names c\.json, which it does not contain/,
    });
    const none = await archive(context, () => [fileEntry("a", "1")]);
    await assert.rejects(pullImage("docker-archive:x.tar", AMD64, none), {
      code: "CORRUPT",
      message: /is not a docker-archive: it has no manifest\.json/,
    });
    await mkdir(join(none.baseDirectory, "d"));
    await assert.rejects(pullImage("docker-archive:d", AMD64, none), { code: "NOT_FOUND", message: /d is not a file/ });
    const leaving = await archive(context, (one) => [list({ Config: "c.json", Layers: ["../../l"] }), fileEntry("c.json", config([one]))]);
    await assert.rejects(pullImage("docker-archive:x.tar", AMD64, leaving), {
      code: "CORRUPT",
      message: /names \.\.\/\.\.\/l, which it does not contain/,
    });
    assert.deepEqual((await readdir(leaving.baseDirectory)).toSorted(), ["x.tar"]);
  });
});
