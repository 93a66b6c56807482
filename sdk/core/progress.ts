/** One thing a person would like to know while waiting. */
export interface Progress {
  /** What is being done: `resolve`, `fetch`, `segment`, `write`, `boot`… */
  readonly stage: string;
  /** One line, lower case, without the figures below. */
  readonly message: string;
  /** How much is done, in bytes unless `unit` says otherwise. */
  readonly done?: number;
  /** How much there is to do, when it is known. */
  readonly total?: number;
  /** @default "bytes" */
  readonly unit?: "bytes" | "items" | "seconds";
  /** A summary worth keeping; the others may be shown and forgotten. @default false */
  readonly lasting?: boolean;
}

/** Receives progress. It must not throw; how often to show it is the receiver's business. */
export type OnProgress = (progress: Progress) => void;

/** Takes how many bytes have come since the last call, and reports how many there are by now. */
export function runningTotal(onProgress: OnProgress | undefined, progress: Omit<Progress, "done">): (bytes: number) => void {
  let done = 0;
  return (bytes) => {
    done += bytes;
    onProgress?.({ ...progress, done });
  };
}
