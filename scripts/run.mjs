import { spawn } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";

/** Prints one line of progress on stderr; stdout carries results only. */
export function say(line) {
  process.stderr.write(`${line}\n`);
}

/** The first executable file called `name` on a PATH, or undefined. */
export function findProgram(name, path = process.env.PATH ?? "") {
  for (const folder of path.split(delimiter).filter(Boolean)) {
    const candidate = join(folder, name);
    try {
      accessSync(candidate, constants.X_OK);
      return candidate;
    } catch {
      // look in the next folder
    }
  }
  return undefined;
}

/**
 * Runs a program to its end in a process group of its own, so that a timeout or Ctrl-C ends its children too. Its output
 * is shown only when it fails; every 15 s a line shows the elapsed time.
 *
 * @param {string} what names the step in every line: "building the Pulumi CLI"
 * @param {string} program
 * @param {readonly string[]} args
 * @param {{ cwd?: string, env?: NodeJS.ProcessEnv, minutes?: number }} [options]
 */
export function run(what, program, args, { cwd, env = process.env, minutes = 10 } = {}) {
  say(`${what}…`);
  const began = Date.now();
  const seconds = () => Math.round((Date.now() - began) / 1000);
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { cwd, env, stdio: ["ignore", "pipe", "pipe"], detached: true });
    const printed = [];
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => printed.push(chunk));
    let reason;
    const end = (why) => {
      reason ??= why;
      try {
        process.kill(-child.pid, "SIGTERM");
      } catch {
        // it has already ended
      }
    };
    const onSignal = () => end("interrupted");
    const alive = setInterval(() => say(`${what}: ${seconds()} s`), 15_000);
    const tooLong = setTimeout(() => end(`not done after ${minutes} minutes`), minutes * 60_000);
    process.on("SIGINT", onSignal).on("SIGTERM", onSignal);
    const settle = (error) => {
      clearInterval(alive);
      clearTimeout(tooLong);
      process.off("SIGINT", onSignal).off("SIGTERM", onSignal);
      if (error) reject(new Error(`${what} failed: ${error}`));
      else {
        say(`${what}: done in ${seconds()} s`);
        resolve();
      }
    };
    child.on("error", (error) => settle(error.message));
    child.on("close", (code) => {
      if (code === 0 && !reason) return settle();
      const tail = Buffer.concat(printed).toString().trimEnd().split("\n").slice(-20).join("\n");
      settle(`${reason ?? `${program} ended with ${code}`}${tail ? `\n${tail}` : ""}`);
    });
  });
}

/** Runs a program and shows its output as it comes; rejects when it fails. */
export function show(program, args, { cwd, env = process.env } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { cwd, env, stdio: "inherit" });
    // the terminal sends Ctrl-C to the child as well, and the child decides when to end
    const wait = () => {};
    process.on("SIGINT", wait);
    child.on("error", reject);
    child.on("close", (code) => {
      process.off("SIGINT", wait);
      code === 0 ? resolve() : reject(new Error(`${program} ${args[0]} ended with ${code}`));
    });
  });
}

/** Runs a program and returns its stdout; the rejection of one that fails holds its stderr. */
export function capture(program, args, { cwd, env = process.env } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { cwd, env, stdio: ["ignore", "pipe", "pipe"] });
    const printed = { out: "", err: "" };
    child.stdout.on("data", (chunk) => (printed.out += chunk));
    child.stderr.on("data", (chunk) => (printed.err += chunk));
    child.on("error", reject);
    child.on("close", (code) =>
      code === 0 ? resolve(printed.out) : reject(new Error(`${program} ${args.join(" ")} ended with ${code}: ${printed.err.trim()}`)),
    );
  });
}
