import type { OnProgress } from "../core/progress.ts";

/** Shows the progress of a transfer: how much, how fast, and how long it still takes. */
export interface Transfer {
  /** More bytes have arrived. */
  add(bytes: number): void;
  /** The summary of a finished transfer: `52.4 MB in 3 s (17.5 MB/s)`. */
  summary(): string;
}

/** @param total bytes to send */
export function transfer(
  message: string,
  total: number,
  onProgress: OnProgress,
  now: () => number = performance.now.bind(performance),
): Transfer {
  const start = now();
  let done = 0;
  const rate = () => done / Math.max(now() - start, 1) / 1000;
  return {
    add(bytes) {
      done += bytes;
      const left = Math.ceil((total - done) / 1e6 / Math.max(rate(), 1e-3));
      onProgress({ stage: "upload", message: `${message}, ${rate().toFixed(1)} MB/s, ${left} s left`, done, total });
    },
    summary: () => `${(done / 1e6).toFixed(1)} MB in ${((now() - start) / 1000).toFixed(0)} s (${rate().toFixed(1)} MB/s)`,
  };
}
