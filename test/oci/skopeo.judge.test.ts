import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, test } from "node:test";
import { directoryEntry, fileEntry } from "../../sdk/archive/entry.ts";
import { BlobStore } from "../../sdk/cache/blob-store.ts";
import { digestOf } from "../../sdk/core/digest.ts";
import { flatten } from "../../sdk/oci/flatten/flatten.ts";
import type { OciImage } from "../../sdk/oci/image.ts";
import { storedLayers } from "../../sdk/oci/layer.ts";
import { MEDIA_TYPE } from "../../sdk/oci/media-type.ts";
import { pullImage } from "../support/pull-image.ts";
import { pushArtifact } from "../../sdk/oci/registry/artifact.ts";
import { createRegistryClient } from "../../sdk/oci/registry/client.ts";
import { pushBlob } from "../../sdk/oci/registry/push-blob.ts";
import { pushImage } from "../../sdk/oci/registry/push.ts";
import { listReferrers } from "../../sdk/oci/registry/referrers.ts";
import { writeLayout } from "../support/write-layout.ts";
import { DOCKER_REGISTRY_LOGIN, DockerRegistry } from "../support/docker-registry.ts";
import { scratch } from "../support/judge.ts";
import { TestRegistry } from "../support/registry.ts";
import { mustRun } from "../support/run-tool.ts";
import { addImage } from "../support/test-image.ts";
import { recordTree } from "../support/tree-record.ts";

const AMD64 = { os: "linux", architecture: "amd64" };
const ANONYMOUS = async () => undefined;

/** An index of one image with two layers, held in a store. */
async function sample(store: BlobStore) {
  await using registry = await TestRegistry.start();
  const layers = [
    [directoryEntry("bin"), fileEntry("bin/x", randomBytes(300_000), 0o4755)],
    [fileEntry("bin/.wh.y", ""), fileEntry("etc", "1")],
  ];
  const manifest = await addImage(registry, "o/x", layers, { config: { Cmd: ["/bin/x"] } });
  const index = registry.addManifest(
    "o/x",
    { schemaVersion: 2, mediaType: MEDIA_TYPE.ociIndex, manifests: [{ ...manifest, platform: AMD64 }] } as object,
    "1",
  );
  const image = await pullImage(`${registry.host}/o/x:1`, AMD64, { store, auth: ANONYMOUS });
  return { index, manifest, image, blobs: [manifest, image.manifest.config, ...image.manifest.layers] };
}

const treeOf = (image: OciImage, store: BlobStore) =>
  recordTree(flatten(storedLayers(store, image.manifest.layers, image.config.diffIds), { spoolDirectory: store.directory }));

test("skopeo reads a layout of this library, which reads skopeo's layout and docker-archive", async () => {
  await using folder = await scratch();
  const store = new BlobStore(join(folder.path, "cache"));
  const { index, image, blobs } = await sample(store);
  await writeLayout(join(folder.path, "ours"), "v1", index, blobs, store);
  const layout = join(folder.path, "theirs");
  await mustRun("skopeo", "copy", "--all", `oci:${folder.path}/ours:v1`, `oci:${layout}:v2`);
  const fresh = () => new BlobStore(join(folder.path, randomBytes(4).toString("hex")));
  const again = await pullImage(`oci:${layout}:v2`, AMD64, { store: fresh() });
  assert.equal(again.index?.digest, index.digest);
  assert.equal(again.digest, image.digest);

  const file = join(folder.path, "x.tar");
  await mustRun("skopeo", "copy", `oci:${folder.path}/ours:v1`, `docker-archive:${file}:o/x:1`);
  const unpacked = fresh();
  const archived = await pullImage(`docker-archive:${file}`, AMD64, { store: unpacked });
  assert.deepEqual(archived.config.cmd, ["/bin/x"]);
  assert.deepEqual(await treeOf(archived, unpacked), await treeOf(image, store));
});

describe("Debian's docker-registry serves pulls, pushes, mounts and referrers", () => {
  for (const login of [false, true]) {
    test(login ? "with a token login" : "without a login", { timeout: 120_000 }, async () => {
      await using registry = await DockerRegistry.start({ login });
      await using folder = await scratch();
      const options = { auth: async () => (login ? DOCKER_REGISTRY_LOGIN : undefined), retry: { attempts: 2, baseMs: 10 } };
      const credentials = (side: string) => [`--${side}-tls-verify=false`, ...(login ? [`--${side}-creds=user:pass`] : [])];
      const store = new BlobStore(join(folder.path, "cache"));
      const { index, image, blobs } = await sample(store);
      const client = createRegistryClient(options);
      const target = client.repository(registry.host, "o/x", "pull,push");

      // skopeo copies the pushed index to a layout and to another repository, from where it is pulled again
      await pushImage(target, index, "1", store, { chunkSize: 100_000 });
      await mustRun("skopeo", "copy", "--all", ...credentials("src"), `docker://${registry.host}/o/x:1`, `oci:${folder.path}/theirs:1`);
      assert.deepEqual(
        JSON.parse(await readFile(join(folder.path, "theirs", "index.json"), "utf8")).manifests.map(
          ({ digest }: { digest: string }) => digest,
        ),
        [index.digest],
      );
      await mustRun("skopeo", "copy", "--all", ...credentials("dest"), `oci:${folder.path}/theirs:1`, `docker://${registry.host}/o/y:2`);
      const fresh = new BlobStore(join(folder.path, "fresh"));
      const again = await pullImage(`${registry.host}/o/y:2`, AMD64, { ...options, store: fresh });
      assert.equal(again.digest, image.digest);
      assert.deepEqual(await treeOf(again, fresh), await treeOf(image, store));

      // skopeo converts the image to Docker's media types
      await mustRun(
        "skopeo",
        "copy",
        "--format=v2s2",
        ...credentials("dest"),
        `oci:${folder.path}/theirs:1`,
        `docker://${registry.host}/o/docker:1`,
      );
      const docker = await pullImage(`${registry.host}/o/docker:1`, AMD64, { ...options, store: fresh });
      assert.equal(docker.manifest.mediaType, MEDIA_TYPE.dockerManifest);
      assert.deepEqual(await treeOf(docker, fresh), await treeOf(image, store));

      const elsewhere = client.repository(registry.host, "o/z", "pull,push");
      for (const blob of blobs.slice(1)) assert.equal(await pushBlob(elsewhere, blob, [], { mountFrom: "o/x" }), "mounted");
      const sbom = await pushArtifact(target, {
        artifactType: "application/spdx+json",
        subject: index,
        blobs: [{ mediaType: "application/spdx+json", content: Buffer.from("{}\n") }],
      });
      assert.deepEqual(
        (await listReferrers(target, index.digest, "application/spdx+json")).map(({ digest }) => digest),
        [sbom.digest],
      );

      const absent = client.repository(registry.host, "o/none");
      await assert.rejects(absent.request({ path: `blobs/${digestOf("none")}`, accept: [200], what: "none" }), { code: "NOT_FOUND" });
      if (login)
        await assert.rejects(
          pullImage(`${registry.host}/o/y:2`, AMD64, {
            ...options,
            auth: async () => ({ username: "user", password: "wrong" }),
            store: fresh,
          }),
          { code: "ACCESS_DENIED" },
        );
    });
  }
});
