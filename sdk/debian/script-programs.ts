import { posix } from "node:path";
import { shellCommands, UNKNOWN } from "./shell-commands.ts";

/** What a shell does itself (POSIX.1-2017, XCU 2.14 and 1.6), and Debian's sh and bash besides (dash(1), bash(1)). */
const BUILTINS = new Set(
  (
    "break : continue . eval exec exit export readonly return set shift times trap unset alias bg cd command false fc fg getopts " +
    "hash jobs kill newgrp pwd read true type ulimit umask unalias wait [ [[ test echo printf local let source declare typeset shopt"
  ).split(" "),
);

/** Commands that run the command after them. */
const PREFIXES = new Set(["exec", "command", "env", "nohup", "eval", "time", "nice", "setsid", "sudo"]);

/**
 * The programs that a shell script names where a command stands: names to seek in PATH, and paths. What another script of the
 * package names is among them, if the script calls or reads it.
 *
 * @param texts the scripts of its package, by path relative to the root
 */
export function scriptPrograms(path: string, texts: ReadonlyMap<string, string>): Set<string> {
  const named = new Set<string>();
  const read = new Set<string>();
  const queue = [path];
  for (let at = queue.pop(); at !== undefined; at = queue.pop()) {
    const text = texts.get(at);
    if (text === undefined || read.has(at)) continue;
    read.add(at);
    for (const words of shellCommands(text)) {
      const [program, ...rest] = words.slice(commandStart(words));
      const called = program === "." || program === "source" ? rest[0] : program;
      // a folder that only the running script knows is most often its own
      const name = posix.basename(called ?? "");
      if (called === undefined || !/^[A-Za-z0-9_.+[-]+$/.test(name)) continue;
      const others = [...texts.keys()].filter((other) => posix.basename(other) === name);
      queue.push(...others);
      if (others.length === 0 && !BUILTINS.has(called)) named.add(called.includes(UNKNOWN) ? name : called);
    }
  }
  return named;
}

function commandStart(words: readonly string[]): number {
  let at = 0;
  while (PREFIXES.has(words[at] ?? "") || (at > 0 && /^-|^[A-Za-z_]\w*=/.test(words[at] ?? ""))) at++;
  return at;
}
