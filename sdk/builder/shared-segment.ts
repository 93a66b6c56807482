import type { CachedSegment } from "../cache/segment-store.ts";
import type { BuildContext } from "./segment.ts";

/** The segment of the local cache, unless it came from a cache of others and is not signed as it must be now. */
export async function findSegment(
  key: string,
  { segments, trusts }: Pick<BuildContext, "segments" | "trusts">,
): Promise<CachedSegment | undefined> {
  const found = await segments.find(key);
  return found && (found.origin === undefined || !trusts || trusts(found.origin)) ? found : undefined;
}

/** Copies a segment from the shared cache to the local one. Undefined if the shared cache lacks it. */
export function fetchSegment(
  key: string,
  name: string,
  { segments, shared, signal }: Pick<BuildContext, "segments" | "shared" | "signal">,
): Promise<CachedSegment | undefined> {
  return shared
    ? shared.fetch(key, name, (content) => segments.put(key, content.open(), () => content.paths, signal, content.origin))
    : Promise.resolve(undefined);
}

/** Stores a segment of the local cache in the shared cache. */
export function shareSegment(segment: CachedSegment, name: string, { segments, shared }: Pick<BuildContext, "segments" | "shared">): void {
  shared?.keep(segment.key, name, { ...segment, open: () => segments.open(segment) });
}
