import { type FileHandle, open } from "node:fs/promises";
import { connect, type Socket } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { LinuxKitError } from "../../../sdk/core/errors.ts";

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
  await using address = await shortAddress(folder);
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

/**
 * A path of the socket within the 103 bytes that every system allows (unix(7): 107 on Linux). A longer path goes through the
 * descriptor of the opened folder.
 */
async function shortAddress(folder: string): Promise<{ readonly path: string } & AsyncDisposable> {
  const path = join(folder, MONITOR);
  if (Buffer.byteLength(path) <= 103) return { path, async [Symbol.asyncDispose]() {} };
  if (process.platform !== "linux") {
    throw new LinuxKitError(
      "UNSUPPORTED",
      `${path}: got a socket path of ${Buffer.byteLength(path)} bytes, wanted at most 103: set PULUMI_LINUXKIT_STATE to a shorter folder`,
      { what: path },
    );
  }
  const handle: FileHandle = await open(folder);
  return { path: `/proc/self/fd/${handle.fd}/${MONITOR}`, [Symbol.asyncDispose]: () => handle.close() };
}
