import { spawn } from "node:child_process";
import { once } from "node:events";
import { keepConsole } from "./console-log.ts";
import { identify, type ProcessId } from "./process-id.ts";

/** A QEMU process that outlives this process. */
export interface Launched {
  /** Undefined if it ended before it could be identified. */
  readonly process: ProcessId | undefined;
  /** Whether it has ended and the console's file is complete. */
  readonly ended: () => boolean;
  /** Lets this process exit while QEMU runs. */
  readonly release: () => void;
}

/** Starts QEMU in a machine's folder and in its own session, so that neither Ctrl-C nor the plugin's end stops it. */
export async function launch(folder: string, program: string, args: readonly string[]): Promise<Launched> {
  const keeper = keepConsole(folder);
  const { stdin } = keeper;
  if (!stdin) throw new Error("the console's keeper was started without a pipe");
  stdin.on("error", () => {});
  let kept = false;
  keeper.once("close", () => (kept = true));
  keeper.once("error", () => (kept = true));
  // QEMU's own messages, such as why it does not start, go to the same file
  const qemu = privately(() => spawn(program, args, { cwd: folder, detached: true, stdio: ["ignore", stdin, stdin] }));
  try {
    await once(qemu, "spawn");
  } finally {
    // QEMU is now the only writer, so the keeper ends with it
    stdin.destroy();
  }
  return {
    process: await identify(qemu.pid as number),
    ended: () => kept && (qemu.exitCode !== null || qemu.signalCode !== null),
    release: () => {
      qemu.unref();
      keeper.unref();
    },
  };
}

/** Starts a process whose sockets only this user can open. */
function privately<T>(start: () => T): T {
  const mask = process.umask(0o177);
  try {
    return start();
  } finally {
    process.umask(mask);
  }
}
