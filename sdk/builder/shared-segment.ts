import type { CachedSegment } from "../cache/segment-store.ts";
import type { BuildContext } from "./segment.ts";

/** What another machine has made under this key, brought into this one's cache. */
export function fetchSegment(
  key: string,
  name: string,
  { segments, shared, signal }: Pick<BuildContext, "segments" | "shared" | "signal">,
): Promise<CachedSegment | undefined> {
  return shared
    ? shared.fetch(key, name, (content) => segments.put(key, content.open(), () => content.paths, signal))
    : Promise.resolve(undefined);
}

/** Gives what is in this machine's cache to the others. */
export function shareSegment(segment: CachedSegment, name: string, { segments, shared }: Pick<BuildContext, "segments" | "shared">): void {
  shared?.keep(segment.key, name, { ...segment, open: () => segments.open(segment) });
}
