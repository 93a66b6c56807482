import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Entry } from "../../sdk/archive/entry.ts";
import { digestOf, hexOf } from "../../sdk/core/digest.ts";
import { MEDIA_TYPE } from "../../sdk/oci/media-type.ts";
import { tarOf } from "./test-image.ts";

/**
 * Writes a folder with one image as an OCI layout (image-spec, image-layout.md).
 *
 * @param config the `config` member of its configuration
 * @returns its reference
 */
export async function imageLayout(folder: string, layers: readonly (readonly Entry[])[], config: object): Promise<string> {
  const blobs = join(folder, "blobs", "sha256");
  await mkdir(blobs, { recursive: true });
  const put = async (bytes: Buffer) => {
    const digest = digestOf(bytes);
    await writeFile(join(blobs, hexOf(digest)), bytes);
    return { digest, size: bytes.length };
  };
  const json = (value: object) => put(Buffer.from(JSON.stringify(value)));
  const tars = await Promise.all(layers.map(tarOf));
  const described = await Promise.all(tars.map(async (tar) => ({ mediaType: MEDIA_TYPE.ociLayer, ...(await put(tar)) })));
  const rootfs = { type: "layers", diff_ids: tars.map((tar) => digestOf(tar)) };
  const configured = { mediaType: MEDIA_TYPE.ociConfig, ...(await json({ os: "linux", architecture: "amd64", config, rootfs })) };
  const manifest = await json({ schemaVersion: 2, mediaType: MEDIA_TYPE.ociManifest, config: configured, layers: described });
  const named = { mediaType: MEDIA_TYPE.ociManifest, ...manifest, annotations: { "org.opencontainers.image.ref.name": "1" } };
  await writeFile(join(folder, "index.json"), JSON.stringify({ schemaVersion: 2, manifests: [named] }));
  await writeFile(join(folder, "oci-layout"), JSON.stringify({ imageLayoutVersion: "1.0.0" }));
  return `oci:${folder}:1`;
}

/** The labels of an image whose `org.mobyproject.config` has these fields. */
export function labelled(fields: object): { readonly Labels: Readonly<Record<string, string>> } {
  return { Labels: { "org.mobyproject.config": JSON.stringify(fields) } };
}
