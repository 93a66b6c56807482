import type { CachedSegment } from "../cache/segment-store.ts";
import type { BuildContext } from "./segment.ts";

/** Copies a segment from the shared cache to the local one. Undefined if the shared cache lacks it. */
export function fetchSegment(
  key: string,
  name: string,
  { segments, shared, signal }: Pick<BuildContext, "segments" | "shared" | "signal">,
): Promise<CachedSegment | undefined> {
  return shared
    ? shared.fetch(key, name, (content) => segments.put(key, content.open(), () => content.paths, signal))
    : Promise.resolve(undefined);
}

/** Stores a segment of the local cache in the shared cache. */
export function shareSegment(segment: CachedSegment, name: string, { segments, shared }: Pick<BuildContext, "segments" | "shared">): void {
  shared?.keep(segment.key, name, { ...segment, open: () => segments.open(segment) });
}
