import { spawn } from "node:child_process";
import { once } from "node:events";
import { rm, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { Entry } from "../archive/entry.ts";
import { writeTar } from "../archive/write-tar.ts";
import { LinuxKitError, throwIfCancelled } from "../core/errors.ts";
import { fileBytes } from "../core/file-bytes.ts";
import { partPath } from "../core/write-file.ts";
import { makeFolder } from "../core/make-folder.ts";
import type { Content, HostTool } from "./parts.ts";

/** The program that compresses a root, and its Debian package. */
export const MKSQUASHFS = { program: "mksquashfs", package: "squashfs-tools" } as const;

// the image must not depend on the clock or the host, and the root's time can only be set together with all others
const OPTIONS = ["-tar", "-noappend", "-quiet", "-no-progress", "-root-mode", "0755", "-root-uid", "0", "-root-gid", "0", "-all-time", "0"];

/** Errors of a pipe whose reader has ended: the tool does not read the padding at the archive's end. */
const ENDED_EARLY: readonly string[] = ["EPIPE", "ERR_STREAM_PREMATURE_CLOSE"];

/** How a squashfs is made. */
export interface SquashfsOptions {
  /** 31 bits that identify the image, stored as its creation time. */
  readonly mark: number;
  /** The options of `mksquashfs` that say how it compresses. */
  readonly compression: readonly string[];
  /** The format that wants it, for messages. */
  readonly format: string;
  /** The format to use without the tool, for messages. */
  readonly instead: string;
  /** A path beside which the image is written. */
  readonly aside: string;
  readonly signal?: AbortSignal;
}

/**
 * Makes a squashfs of entries with the host's `mksquashfs`. The same version of it gives the same bytes. It cannot write
 * to a pipe, so the image is a temporary file, which goes when the result is disposed.
 *
 * @throws TOOL_MISSING when it is not on PATH, UNSUPPORTED with its message when it fails, as versions before 4.5 do
 */
export async function makeSquashfs(entries: AsyncIterable<Entry>, options: SquashfsOptions): Promise<Content & AsyncDisposable> {
  const part = partPath(options.aside);
  const remove = (): Promise<void> => rm(part, { force: true });
  await makeFolder(dirname(part));
  try {
    await run([part, ...OPTIONS, ...options.compression, "-mkfs-time", String(options.mark)], entries, options);
    const { size } = await stat(part);
    return { size, open: (memory = "own") => fileBytes(part, { memory }), [Symbol.asyncDispose]: remove };
  } catch (error) {
    await remove();
    throw error;
  }
}

async function run(
  args: readonly string[],
  entries: AsyncIterable<Entry>,
  { format, instead, signal }: Pick<SquashfsOptions, "format" | "instead" | "signal">,
): Promise<void> {
  const { SOURCE_DATE_EPOCH: _, ...env } = process.env;
  const tool = spawn(MKSQUASHFS.program, ["-", ...args], {
    env,
    stdio: ["pipe", "ignore", "pipe"],
    ...(signal && { signal }),
    killSignal: "SIGKILL",
  });
  let said = "";
  tool.stderr.setEncoding("utf8").on("data", (text: string) => {
    said += text;
  });
  const ended = once(tool, "close");
  // a tool that ends early breaks the pipe: its own message matters more
  const fed = pipeline(Readable.from(writeTar(entries), { objectMode: true }), tool.stdin);
  const [end, feed] = await Promise.allSettled([ended, fed]);
  throwIfCancelled(signal, "mksquashfs");
  if (end.status === "rejected") {
    if ((end.reason as NodeJS.ErrnoException).code === "ENOENT") throw toolMissing({ ...MKSQUASHFS, instead });
    throw end.reason;
  }
  if (feed.status === "rejected" && !ENDED_EARLY.includes((feed.reason as NodeJS.ErrnoException).code ?? "")) throw feed.reason;
  const [status] = end.value as [number | null];
  if (status !== 0)
    throw new LinuxKitError(
      "UNSUPPORTED",
      `${format}: mksquashfs failed with status ${status}: ${said.trim().split("\n", 1)[0]}; install version 4.5 or newer, or use ${instead}`,
      { what: MKSQUASHFS.program },
    );
}

/** The error for a host program that is not on PATH. */
export function toolMissing({ program, package: from, instead }: HostTool): LinuxKitError<"TOOL_MISSING"> {
  return new LinuxKitError(
    "TOOL_MISSING",
    `${program} is not on PATH: install Debian's ${from}, or use ${instead}, which needs no program`,
    { tool: program },
  );
}
