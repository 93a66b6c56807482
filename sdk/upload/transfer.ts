import type { OnProgress } from "../core/progress.ts";

/** A transfer as a person follows it: how much, how fast, how long still. */
export interface Transfer {
  /** More bytes have arrived. */
  add(bytes: number): void;
  /** What there was to say of it when it is done: `52.4 MB in 3 s (17.5 MB/s)`. */
  summary(): string;
}

/** @param total bytes that there are to send */
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
