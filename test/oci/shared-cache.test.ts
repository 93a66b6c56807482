import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileEntry } from "../../sdk/archive/entry.ts";
import { BlobStore } from "../../sdk/cache/blob-store.ts";
import { verify } from "../../sdk/core/bytes.ts";
import { pullImage } from "../support/pull-image.ts";
import { TestRegistry } from "../support/registry.ts";
import { addImage } from "../support/test-image.ts";

const PULL = `
  import { pullImage } from ${JSON.stringify(new URL("../support/pull-image.ts", import.meta.url).href)};
  import { BlobStore } from ${JSON.stringify(new URL("../../sdk/cache/blob-store.ts", import.meta.url).href)};
  const [reference, directory] = process.argv.slice(1);
  await pullImage(reference, { os: "linux", architecture: "amd64" }, { store: new BlobStore(directory), auth: async () => undefined, retry: { baseMs: 1, maxMs: 5 } });
`;

function pullElsewhere(reference: string, directory: string): Promise<number | null> {
  const child = spawn(process.execPath, ["--input-type=module", "--eval", PULL, reference, directory], {
    stdio: ["ignore", "ignore", "inherit"],
  });
  return new Promise((resolve, reject) => child.on("error", reject).on("close", resolve));
}

test("processes that pull one image into one cache at the same time all succeed, and leave only whole blobs", {
  timeout: 60_000,
}, async (context) => {
  await using registry = await TestRegistry.start({
    fault: ({ url = "" }, count) => (url.includes("/blobs/") && count % 5 === 2 ? { cutAfter: 100_000 } : undefined),
  });
  const directory = await mkdtemp(join(tmpdir(), "shared-cache-"));
  context.after(() => rm(directory, { recursive: true }));
  const layers = Array.from({ length: 5 }, (_, layer) => [fileEntry(`f${layer}`, randomBytes(400_000))]);
  await addImage(registry, "o/x", layers, { tags: ["1"] });
  const reference = `${registry.host}/o/x:1`;
  assert.deepEqual(await Promise.all([1, 2, 3].map(() => pullElsewhere(reference, directory))), [0, 0, 0]);

  const store = new BlobStore(directory);
  const before = registry.seen(/\/blobs\//).length;
  const { manifest, digest } = await pullImage(reference, { os: "linux", architecture: "amd64" }, { store, auth: async () => undefined });
  assert.equal(registry.seen(/\/blobs\//).length, before, "every blob is cached");
  for (const blob of [manifest.config, ...manifest.layers]) for await (const _ of verify(store.open(blob.digest), blob, blob.digest));
  const held = [digest, manifest.config.digest, ...manifest.layers.map((layer) => layer.digest)];
  assert.deepEqual(
    (await readdir(join(directory, "blobs", "sha256"))).toSorted(),
    held.map((name) => name.replace("sha256:", "")).toSorted(),
  );
});
