/** Milliseconds in which one Ctrl-C may arrive twice. */
const SAME_MS = 500;

/**
 * A signal that SIGINT and SIGTERM abort, so that the command ends in order. A second one ends it at once. npm and npx send
 * a Ctrl-C on to the command, to which the terminal has sent it already (@npmcli/run-script, `lib/signal-manager.js`): what
 * comes so soon is no second one.
 */
export function interruption(): AbortSignal {
  const abort = new AbortController();
  let heard = 0;
  for (const name of ["SIGINT", "SIGTERM"] as const) {
    const hear = (): void => {
      if (!abort.signal.aborted) {
        heard = performance.now();
        abort.abort(new Error(name));
      } else if (performance.now() - heard > SAME_MS) {
        process.removeListener(name, hear);
        process.kill(process.pid, name);
      }
    };
    process.on(name, hear);
  }
  return abort.signal;
}
