import { gzipSync } from "node:zlib";
import type { Entry } from "../../sdk/archive/entry.ts";
import { writeTar } from "../../sdk/archive/write-tar.ts";
import { collect } from "../../sdk/core/bytes.ts";
import { digestOf } from "../../sdk/core/digest.ts";
import type { Layer } from "../../sdk/oci/layer.ts";
import { MEDIA_TYPE } from "../../sdk/oci/media-type.ts";
import type { TestRegistry } from "./registry.ts";

/** A layer with its blob. */
export function layerOf(blob: Buffer, diffId?: `sha256:${string}`): Layer {
  return { digest: digestOf(blob), size: blob.length, diffId, open: () => [blob] };
}

/** The tar of some entries. */
export const tarOf = (entries: Iterable<Entry>): Promise<Buffer> => collect(writeTar(entries));

/** Puts an image of these layers into a registry, gzipped, and returns its manifest's descriptor. */
export async function addImage(
  registry: TestRegistry,
  repository: string,
  layers: readonly (readonly Entry[])[],
  { tags = [] as string[], architecture = "amd64", config = {} } = {},
) {
  const tars = await Promise.all(layers.map(tarOf));
  const descriptors = tars.map((tar) => ({ mediaType: MEDIA_TYPE.ociLayerGzip, ...registry.addBlob(repository, gzipSync(tar)) }));
  const document = { os: "linux", architecture, config, rootfs: { type: "layers", diff_ids: tars.map((tar) => digestOf(tar)) } };
  const configured = { mediaType: MEDIA_TYPE.ociConfig, ...registry.addBlob(repository, Buffer.from(JSON.stringify(document))) };
  return registry.addManifest(
    repository,
    { schemaVersion: 2, mediaType: MEDIA_TYPE.ociManifest, config: configured, layers: descriptors } as object,
    ...tags,
  );
}
