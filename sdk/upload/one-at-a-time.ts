import { join } from "node:path";
import { withLock } from "../cache/lock.ts";
import { type Journal, openJournal } from "./journal.ts";

/** An upload and the place of its journal. */
export interface UploadPlace {
  readonly cacheDir: string;
  /** The same for the same bytes of the same resource. */
  readonly key: string;
  readonly signal: AbortSignal;
}

/**
 * Runs an upload with its journal while no other process on this host runs the same one. The plugin of a killed engine may
 * still undo it. What another process completes belongs to the state of its own engine, and is not used again.
 */
export async function oneAtATime<T>({ cacheDir, key, signal }: UploadPlace, use: (journal: Journal) => Promise<T>): Promise<T> {
  const path = join(cacheDir, "uploads", `${key}.jsonl`);
  return withLock(join(cacheDir, "locks", `upload-${key}`), async () => use(await openJournal(path)), {
    signal,
    what: "another upload of the same image",
  });
}
