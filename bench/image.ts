import { createHash } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import type { Entry } from "../sdk/archive/entry.ts";
import { writeTar } from "../sdk/archive/write-tar.ts";
import { collect } from "../sdk/core/bytes.ts";
import { LAYOUT_MARKER, REF_NAME } from "../sdk/oci/layout.ts";
import { MEDIA_TYPE } from "../sdk/oci/media-type.ts";

/** Writes an OCI layout with one image, tagged `1`, and returns the bytes of its blobs. One layer at a time is in memory. */
export async function writeImage(directory: string, layers: readonly (() => Iterable<Entry>)[]): Promise<number> {
  const blobs = join(directory, "blobs", "sha256");
  mkdirSync(blobs, { recursive: true });
  let total = 0;
  const add = (mediaType: string, content: Buffer) => {
    const hex = createHash("sha256").update(content).digest("hex");
    writeFileSync(join(blobs, hex), content);
    total += content.length;
    return { mediaType, digest: `sha256:${hex}`, size: content.length };
  };
  const described: object[] = [];
  const diffIds: string[] = [];
  for (const layer of layers) {
    const tar = await collect(writeTar(layer()), 1 << 30);
    diffIds.push(`sha256:${createHash("sha256").update(tar).digest("hex")}`);
    described.push(add(MEDIA_TYPE.ociLayerGzip, gzipSync(tar, { level: 1 })));
  }
  const config = add(
    MEDIA_TYPE.ociConfig,
    Buffer.from(JSON.stringify({ architecture: "amd64", os: "linux", rootfs: { type: "layers", diff_ids: diffIds } })),
  );
  const manifest = add(
    MEDIA_TYPE.ociManifest,
    Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: MEDIA_TYPE.ociManifest, config, layers: described })),
  );
  writeFileSync(
    join(directory, "index.json"),
    JSON.stringify({ schemaVersion: 2, manifests: [{ ...manifest, annotations: { [REF_NAME]: "1" } }] }),
  );
  writeFileSync(join(directory, "oci-layout"), LAYOUT_MARKER);
  return total;
}
