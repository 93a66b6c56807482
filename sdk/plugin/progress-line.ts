import type { OnProgress, Progress } from "../core/progress.ts";

/** Where a line of progress goes. */
export interface ProgressSink {
  /** Shows a line in place of the previous one; it disappears when the resource is done. */
  show(line: string): void;
  /** Shows a line that stays. */
  keep(line: string): void;
}

/** Shows progress no faster than a person reads. */
export interface ProgressLine {
  readonly onProgress: OnProgress;
  /** Drops what is still waiting to be shown. Call it when the work is over. */
  close(): void;
}

/**
 * How long a line stays before the next may take its place, in milliseconds: half a second in a terminal, ten seconds
 * where `CI` is set: there each line stays, and only minutes of silence look like a hang.
 */
export function progressInterval(env: NodeJS.ProcessEnv = process.env): number {
  return env.CI && env.CI !== "false" && env.CI !== "0" ? 10_000 : 500;
}

/** Reduces progress to one line per `intervalMs`, always the newest; lasting lines pass at once, each only once. */
export function progressLine(sink: ProgressSink, intervalMs: number): ProgressLine {
  let waiting: Progress | undefined;
  let timer: NodeJS.Timeout | undefined;
  let closed = false;
  let lastKept: string | undefined;

  const show = (progress: Progress): void => {
    waiting = undefined;
    sink.show(describeProgress(progress));
    timer = setTimeout(() => {
      timer = undefined;
      if (waiting) show(waiting);
    }, intervalMs);
    timer.unref();
  };
  return {
    onProgress(progress) {
      if (closed) return;
      if (progress.lasting) {
        const line = describeProgress(progress);
        if (line !== lastKept) sink.keep(line);
        lastKept = line;
      } else if (timer) waiting = progress;
      else show(progress);
    },
    close() {
      closed = true;
      waiting = undefined;
      clearTimeout(timer);
    },
  };
}

/** One line for one piece of progress: `fetch nginx-light: 12.5 of 27.0 MB (46 %)`. */
export function describeProgress({ stage, message, done, total, unit = "bytes" }: Progress): string {
  const what = message.startsWith(stage) ? message : `${stage} ${message}`;
  if (done === undefined) return what;
  if (done === total) return `${what}: ${amount(done, undefined, unit)}`;
  const percent = total !== undefined && total > 0 ? ` (${Math.min(100, Math.floor((done / total) * 100))} %)` : "";
  return `${what}: ${amount(done, total, unit)}${percent}`;
}

function amount(done: number, total: number | undefined, unit: "bytes" | "items" | "seconds"): string {
  const of = (format: (figure: number) => string, suffix: string): string =>
    `${format(done)}${total === undefined ? "" : ` of ${format(total)}`}${suffix}`;
  if (unit === "seconds") return of((figure) => figure.toFixed(0), " s");
  if (unit === "items") return of(String, "");
  const largest = Math.max(done, total ?? 0);
  if (largest >= 1e6) return of((figure) => (figure / 1e6).toFixed(1), " MB");
  return largest >= 1e3 ? of((figure) => (figure / 1e3).toFixed(1), " kB") : of(String, " bytes");
}
