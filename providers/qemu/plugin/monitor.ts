import { connect, type Socket } from "node:net";
import { createInterface } from "node:readline";
import { LinuxKitError } from "../../../sdk/core/errors.ts";
import { shortAddress } from "./socket-address.ts";

/** The name of the control socket in a machine's folder. */
export const MONITOR = "monitor.sock";

/** Executes one command of QEMU's machine protocol (QMP) and returns its result. */
export type Execute = (command: string, args?: object) => Promise<unknown>;

interface Reply {
  readonly return?: unknown;
  readonly error?: { readonly desc: string };
  readonly event?: string;
  readonly QMP?: object;
}

/**
 * Talks to a running QEMU over the control socket in its folder. Undefined if nothing answers within `milliseconds`, or if the
 * connection ends before `talk` is done (as after `quit`).
 */
export async function withMonitor<T>(folder: string, talk: (execute: Execute) => Promise<T>, milliseconds = 2000): Promise<T | undefined> {
  await using address = await shortAddress(folder, MONITOR);
  const socket = connect(address.path);
  socket.setTimeout(milliseconds, () => socket.destroy());
  try {
    const replies = readReplies(socket);
    const next = async (): Promise<unknown> => {
      for (;;) {
        const { value, done } = await replies.next();
        if (done) throw new Closed();
        if (value.error) throw new LinuxKitError("UNSUPPORTED", `qemu refused a command: ${value.error.desc}`, { what: value.error.desc });
        if (value.event === undefined) return value.return;
      }
    };
    const execute: Execute = async (command, args) => {
      socket.write(`${JSON.stringify({ execute: command, ...(args && { arguments: args }) })}\n`);
      return next();
    };
    await next();
    await execute("qmp_capabilities");
    return await talk(execute);
  } catch (error) {
    if (error instanceof Closed || (error as NodeJS.ErrnoException).syscall !== undefined) return undefined;
    throw error;
  } finally {
    socket.destroy();
  }
}

/** QEMU closed the connection. */
class Closed extends Error {}

async function* readReplies(socket: Socket): AsyncGenerator<Reply, void> {
  const failed = new Promise<never>((_, reject) => socket.once("error", reject));
  failed.catch(() => {});
  const lines = createInterface({ input: socket })[Symbol.asyncIterator]();
  for (;;) {
    const { value, done } = await Promise.race([lines.next(), failed]);
    if (done) return;
    yield JSON.parse(value as string) as Reply;
  }
}
