import { stat } from "node:fs/promises";
import { join } from "node:path";
import { BlobStore } from "../../sdk/cache/blob-store.ts";
import { isLinuxKitError } from "../../sdk/core/errors.ts";
import { writeFileWhole } from "../../sdk/core/write-file.ts";
import type { Descriptor } from "../../sdk/oci/descriptor.ts";
import { type ImageIndex, encodeIndex } from "../../sdk/oci/image-index.ts";
import { LAYOUT_MARKER, REF_NAME, readLayoutIndex } from "../../sdk/oci/layout.ts";
import { MEDIA_TYPE } from "../../sdk/oci/media-type.ts";

/**
 * Writes an image, or an index with everything below it, into an OCI layout under a tag, which moves to it. Creates a missing
 * folder, and keeps existing blobs. `index.json` is written last, and atomically.
 *
 * @param root the manifest or index that gets the tag
 * @param blobs everything below it, and itself, all held in `store`
 * @throws NOT_FOUND, DISK_FULL, UNWRITABLE, CANCELLED
 */
export async function writeLayout(
  directory: string,
  tag: string,
  root: Descriptor,
  blobs: readonly Descriptor[],
  store: BlobStore,
  options: { readonly signal?: AbortSignal | undefined } = {},
): Promise<void> {
  const target = new BlobStore(directory);
  for (const blob of [root, ...blobs]) {
    if (!(await target.find(blob.digest))) await target.put(store.open(blob.digest), blob, options);
  }
  const marker = join(directory, "oci-layout");
  if (!(await stat(marker).catch(() => undefined))) await writeFileWhole(marker, [Buffer.from(LAYOUT_MARKER)], options);
  const index = await existing(directory);
  const others = index.manifests.filter(({ annotations }) => annotations?.[REF_NAME] !== tag);
  const manifests = [...others, { ...root, annotations: { ...root.annotations, [REF_NAME]: tag } }];
  await writeFileWhole(join(directory, "index.json"), [encodeIndex({ ...index, manifests })], options);
}

async function existing(directory: string): Promise<ImageIndex> {
  try {
    return await readLayoutIndex(directory);
  } catch (error) {
    if (isLinuxKitError(error, "NOT_FOUND")) return { mediaType: MEDIA_TYPE.ociIndex, manifests: [] };
    throw error;
  }
}
