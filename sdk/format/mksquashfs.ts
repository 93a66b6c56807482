import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { Entry } from "../archive/entry.ts";
import { writeTar } from "../archive/write-tar.ts";
import { LinuxKitError, throwIfCancelled } from "../core/errors.ts";
import { fileBytes } from "../core/file-bytes.ts";
import { partPath } from "../core/write-file.ts";

/** The program that compresses a root, and the Debian package that has it. */
export const MKSQUASHFS = { program: "mksquashfs", package: "squashfs-tools" } as const;

// nothing of the clock or the host may enter, and the root's own time can only be set with all others; gzip is what every
// kernel with squashfs reads
const OPTIONS = [
  "-tar",
  "-comp",
  "gzip",
  "-noappend",
  "-quiet",
  "-no-progress",
  "-root-mode",
  "0755",
  "-root-uid",
  "0",
  "-root-gid",
  "0",
  "-all-time",
  "0",
];

/** How a pipe tells that its reader is gone: the tool does not wait for what pads the archive's end. */
const ENDED_EARLY: readonly string[] = ["EPIPE", "ERR_STREAM_PREMATURE_CLOSE"];

/**
 * A squashfs of entries, by `mksquashfs` of the host: the same version of it gives the same bytes. It cannot write to a
 * pipe, so the image lies in a temporary file beside `aside` meanwhile.
 *
 * @param options `mark`: 31 bits that tell the image from another, in the place of the time at which it was made
 * @throws TOOL_MISSING when it is not on PATH, UNSUPPORTED with what it said when it fails: versions before 4.5 read no tar
 */
export async function* makeSquashfs(
  entries: AsyncIterable<Entry>,
  { mark, aside, signal }: { readonly mark: number; readonly aside: string; readonly signal?: AbortSignal },
): AsyncGenerator<Uint8Array> {
  const part = partPath(aside);
  await mkdir(dirname(part), { recursive: true });
  try {
    await run([part, ...OPTIONS, "-mkfs-time", String(mark)], entries, signal);
    yield* fileBytes(part, { memory: "reused" });
  } finally {
    await rm(part, { force: true });
  }
}

async function run(args: readonly string[], entries: AsyncIterable<Entry>, signal: AbortSignal | undefined): Promise<void> {
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
  // a tool that ends early breaks the pipe: what it said matters more
  const fed = pipeline(Readable.from(writeTar(entries), { objectMode: true }), tool.stdin);
  const [end, feed] = await Promise.allSettled([ended, fed]);
  throwIfCancelled(signal, "mksquashfs");
  if (end.status === "rejected") {
    if ((end.reason as NodeJS.ErrnoException).code === "ENOENT") throw toolMissing(MKSQUASHFS);
    throw end.reason;
  }
  if (feed.status === "rejected" && !ENDED_EARLY.includes((feed.reason as NodeJS.ErrnoException).code ?? "")) throw feed.reason;
  const [status] = end.value as [number | null];
  if (status !== 0)
    throw new LinuxKitError(
      "UNSUPPORTED",
      `kernel+squashfs: mksquashfs ended with ${status}: ${said.trim().split("\n", 1)[0]}; version 4.5 or newer is needed, or use kernel+erofs`,
      { what: MKSQUASHFS.program },
    );
}

/** What to say when a program of the host is not there. */
export function toolMissing({
  program,
  package: from,
}: {
  readonly program: string;
  readonly package: string;
}): LinuxKitError<"TOOL_MISSING"> {
  return new LinuxKitError(
    "TOOL_MISSING",
    `${program} is not on PATH: install Debian's ${from}, or use kernel+erofs, which needs no program`,
    { tool: program },
  );
}
