import type { OnProgress } from "../core/progress.ts";
import type { Journal } from "./journal.ts";

/** An upload as its journal frames it: begin, write, undo. A name is that of a snapshot, a disk, a session… */
export interface JournaledUpload<T> {
  readonly journal: Journal;
  readonly signal: AbortSignal;
  readonly onProgress: OnProgress;
  /** Milliseconds that undoing a failed upload may take. */
  readonly undoMs: number;
  /** Names of what this upload began by a request whose answer was lost. @default nothing: each name is known before it is used */
  lost?(signal: AbortSignal): Promise<readonly string[]>;
  /** Removes what an upload has begun; what is gone already is a success. */
  remove(name: string, signal: AbortSignal): Promise<void>;
  /** Whether what was begun, and the journal, stay for the next run after this failure. @default never */
  keeps?(error: unknown): boolean;
  /**
   * Begins, or resumes where the journal ends, and writes to the end.
   *
   * @param begins is given the name of what has to be removed if this fails, before or as soon as the cloud has it; undefined: nothing
   */
  write(begins: (name: string | undefined) => void): Promise<T>;
}

/**
 * Runs an upload. One that was killed resumes from its journal; one that fails or is cancelled leaves nothing behind. What no
 * journal of this host names is never touched: a tag or a name does not tell whose it is, or whether another host still writes it.
 *
 * @throws the signal's reason if aborted, otherwise what `write` throws
 */
export async function journaledUpload<T>(upload: JournaledUpload<T>): Promise<T> {
  let begun: string | undefined;
  try {
    const done = await upload.write((name) => {
      begun = name;
    });
    await upload.journal.remove();
    return done;
  } catch (error) {
    if (!upload.signal.aborted && upload.keeps?.(error)) {
      await upload.journal.close();
      throw error;
    }
    await undo(upload, begun);
    await upload.journal.remove();
    throw upload.signal.aborted ? upload.signal.reason : error;
  }
}

/** Has its own time limit: the upload's signal may be aborted. */
async function undo({ undoMs, lost, remove }: JournaledUpload<unknown>, begun: string | undefined): Promise<void> {
  const signal = AbortSignal.timeout(undoMs);
  const names = new Set(await lost?.(signal).catch(() => []));
  if (begun !== undefined) names.add(begun);
  for (const name of names) await remove(name, signal).catch(() => {});
}

/** The bytes to send, and those that an earlier run has sent: `resuming: 12.6 MB already sent, 52.4 MB left`. */
export function bytesToSend(bytes: number, resumed: number): string {
  return resumed > 0 ? `resuming: ${megabytes(resumed)} already sent, ${megabytes(bytes)} left` : `${megabytes(bytes)} to send`;
}

/** `52.4 MB` */
export function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}
