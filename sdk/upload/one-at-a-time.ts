import { join } from "node:path";
import { withLock } from "../cache/lock.ts";
import { type Journal, openJournal, readJournal } from "./journal.ts";

/** An upload and the place of its journal. */
export interface UploadPlace {
  readonly cacheDir: string;
  /** The same for the same bytes of the same resource. */
  readonly key: string;
  readonly signal: AbortSignal;
}

/**
 * Runs an upload with its journal while no other process on this host runs the same one. A plugin notices only after some
 * seconds that its engine was killed; until then it may complete the upload or undo it.
 *
 * @param use given the journal, and its lines from before the wait for another process, which may have completed the upload
 */
export async function oneAtATime<T>(
  { cacheDir, key, signal }: UploadPlace,
  use: (journal: Journal, awaited: readonly unknown[]) => Promise<T>,
): Promise<T> {
  const path = join(cacheDir, "uploads", `${key}.jsonl`);
  const awaited = await readJournal(path);
  return withLock(join(cacheDir, "locks", `upload-${key}`), async () => use(await openJournal(path), awaited), {
    signal,
    what: "another upload of the same image",
  });
}
