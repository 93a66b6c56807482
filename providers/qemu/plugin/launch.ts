import { spawn } from "node:child_process";
import { once } from "node:events";
import { keepConsole } from "./console-log.ts";
import { identify, type ProcessId } from "./process-id.ts";

/** A QEMU that was just started, and outlives this process. */
export interface Launched {
  /** Undefined when it ended before it could be looked at. */
  readonly process: ProcessId | undefined;
  /** Whether it has ended, and all that it said is in the console's file. */
  readonly ended: () => boolean;
  /** Lets this process end before it. */
  readonly release: () => void;
}

/** Starts QEMU in a machine's folder, in a session of its own: neither Ctrl-C nor our end reaches it. */
export async function launch(folder: string, program: string, args: readonly string[]): Promise<Launched> {
  const keeper = keepConsole(folder);
  const { stdin } = keeper;
  if (!stdin) throw new Error("the console's keeper was started without a pipe");
  stdin.on("error", () => {});
  let kept = false;
  keeper.once("close", () => (kept = true));
  keeper.once("error", () => (kept = true));
  // what QEMU itself has to say, such as why it does not start, comes to the same file
  const qemu = spawn(program, args, { cwd: folder, detached: true, stdio: ["ignore", stdin, stdin] });
  try {
    await once(qemu, "spawn");
  } finally {
    // the only writer left is QEMU, so the keeper ends with it
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
