import { spawnSync } from "node:child_process";

/** Of util-linux, which Debian always has. */
const hasSetpriv = spawnSync("setpriv", ["--version"]).status === 0;

/** A command that the kernel ends with the process that starts it: a test's own limits end with a test that is killed (prctl(2), PR_SET_PDEATHSIG). */
export function tied(program: string, args: readonly string[]): [program: string, args: string[]] {
  return hasSetpriv ? ["setpriv", ["--pdeathsig", "KILL", "--", program, ...args]] : [program, [...args]];
}
