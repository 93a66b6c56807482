/** A report for a person who waits. */
export interface Progress {
  /** What is being done: `resolve`, `fetch`, `segment`, `write`, `boot`… */
  readonly stage: string;
  /** One line, lower case, without the figures below. */
  readonly message: string;
  /** How much is done, in bytes unless `unit` says otherwise. */
  readonly done?: number;
  /** How much there is to do, where known, in the same unit. */
  readonly total?: number;
  /** What `done` and `total` count. @default "bytes" */
  readonly unit?: "bytes" | "items" | "seconds";
  /** A summary worth keeping; the others may be shown and forgotten. @default false */
  readonly lasting?: boolean;
}

/** Receives progress. It must not throw. It is called often: the receiver decides what to show. */
export type OnProgress = (progress: Progress) => void;

/** Returns a function that takes the number of new bytes, and reports the total so far. */
export function runningTotal(onProgress: OnProgress | undefined, progress: Omit<Progress, "done">): (bytes: number) => void {
  let done = 0;
  return (bytes) => {
    done += bytes;
    onProgress?.({ ...progress, done });
  };
}
