import { styleText } from "node:util";
import { printable } from "../core/printable.ts";
import type { OnProgress, Progress } from "../core/progress.ts";
import type { Terminal } from "./command.ts";

/** The terminal of this process, the one place that writes on it. What comes from outside is escaped. Colours and overwritten lines appear only if standard error is a terminal. */
export function processTerminal(signal: AbortSignal): Terminal {
  let passing = false;
  const clear = (): void => {
    if (passing) process.stderr.write("\r\u001b[K");
    passing = false;
  };
  return {
    signal,
    print(line) {
      clear();
      process.stdout.write(`${printable(line)}\n`);
    },
    printStyled(line) {
      clear();
      process.stdout.write(`${line}\n`);
    },
    note(line) {
      clear();
      process.stderr.write(`${styleText("dim", printable(line), { stream: process.stderr })}\n`);
    },
    fail(line) {
      clear();
      process.stderr.write(`${styleText("red", printable(line), { stream: process.stderr })}\n`);
    },
    passing(line) {
      if (!process.stderr.isTTY) return;
      process.stderr.write(`\r\u001b[K${printable(line).slice(0, (process.stderr.columns ?? 80) - 1)}`);
      passing = true;
    },
  };
}

/** Shows progress. Lasting lines stay; the others overwrite each other, at most ten a second. */
export function showProgress(terminal: Terminal, now: () => number = Date.now): OnProgress {
  let last = 0;
  return (progress) => {
    if (progress.lasting) return terminal.note(progressLine(progress));
    if (now() - last < 100) return;
    last = now();
    terminal.passing(progressLine(progress));
  };
}

/** A progress report as one line: `fetch: nginx-light, 3.1 of 9.6 MB (32 %)`. */
export function progressLine({ stage, message, done, total, unit = "bytes" }: Progress): string {
  const show = (amount: number): string => (unit === "bytes" ? (amount / 1e6).toFixed(1) : String(Math.round(amount)));
  const label = { bytes: "MB", items: "", seconds: "s" }[unit];
  let figures = "";
  if (done !== undefined && total) figures = `, ${show(done)} of ${show(total)} ${label} (${Math.floor((100 * done) / total)} %)`;
  else if (done !== undefined) figures = `, ${show(done)} ${label}`;
  return `${stage}: ${message}${figures}`.trimEnd();
}
