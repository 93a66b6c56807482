import { directoryEntry, type Entry, fileEntry } from "../archive/entry.ts";
import { hexOf } from "../core/digest.ts";
import { encodeIndex } from "../oci/image-index.ts";
import { LAYOUT_MARKER, REF_NAME } from "../oci/layout.ts";
import { MEDIA_TYPE } from "../oci/media-type.ts";
import type { LayoutStep } from "../plan/plan.ts";
import type { PlanSources } from "./sources.ts";

/**
 * An OCI layout that holds one image (image-spec, image-layout.md). The root index is unchanged, so it may name
 * platforms whose blobs are missing.
 */
export function* layoutEntries(step: LayoutStep, sources: PlanSources, signal: AbortSignal | undefined): Generator<Entry> {
  const { reference, root, blobs } = step;
  const index = encodeIndex({ mediaType: MEDIA_TYPE.ociIndex, manifests: [{ ...root, annotations: { [REF_NAME]: reference } }] });
  yield directoryEntry("");
  yield fileEntry("oci-layout", LAYOUT_MARKER);
  yield fileEntry("index.json", index);
  yield directoryEntry("blobs");
  yield directoryEntry("blobs/sha256");
  for (const blob of blobs)
    yield { ...fileEntry(`blobs/sha256/${hexOf(blob.digest)}`, ""), size: blob.size, body: sources.openBlob(step, blob, signal) };
}
