import { join } from "node:path";
import { withLock } from "../cache/lock.ts";
import { type Journal, openJournal, readJournal } from "./journal.ts";

/** Which upload it is, and where its journal is kept. */
export interface UploadPlace {
  readonly cacheDir: string;
  /** The same for the same bytes of the same resource. */
  readonly key: string;
  readonly signal: AbortSignal;
}

/**
 * Runs an upload with its journal while no other process on this host runs the same one: a plugin whose engine was
 * killed does not know it for some seconds, and may come to the upload's end or clear it away.
 *
 * @param use given the journal, and its lines from before another was waited for: what that one has made may be finished
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
