/** Milliseconds in which one Ctrl-C may arrive twice. */
const SAME_MS = 500;

/** Whether a Ctrl-C that arrives now is another one than that at `first`, in milliseconds of `performance.now()`. */
export function isSecondInterrupt(first: number): boolean {
  return performance.now() - first > SAME_MS;
}

/**
 * A signal that SIGINT, SIGTERM and the end of the terminal abort, so that the command ends in order. A second one ends it at once. npm and npx send
 * a Ctrl-C on to the command, to which the terminal has sent it already (@npmcli/run-script, `lib/signal-manager.js`): what
 * comes so soon is no second one.
 */
export function interruption(): AbortSignal {
  const abort = new AbortController();
  let heard = 0;
  for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    const hear = (): void => {
      if (!abort.signal.aborted) {
        heard = performance.now();
        abort.abort(new Error(name));
      } else if (isSecondInterrupt(heard)) {
        process.removeListener(name, hear);
        process.kill(process.pid, name);
      }
    };
    process.on(name, hear);
  }
  return abort.signal;
}
