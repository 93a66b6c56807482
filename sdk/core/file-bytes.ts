import { open } from "node:fs/promises";
import type { Memory } from "./bytes.ts";
import { LinuxKitError } from "./errors.ts";
import { ring } from "./ring.ts";

const CHUNK = 1 << 20;

/** One being read from disk, one that the caller has, and one that a check such as `verify` may hold back. */
const BUFFERS = 3;

export interface FileBytesOptions {
  /** Where the part begins, in bytes. @default 0 */
  readonly start?: number;
  /** Bytes of the part. @default to the end of the file */
  readonly length?: number;
  /** With `reused` a chunk is valid until the second one after it is asked for: `verify` may come between. @default "own" */
  readonly memory?: Memory;
}

/**
 * The bytes of a file, or of a part of it. Each iteration opens the file again. The next MiB is read while one is used,
 * which makes it about twice as fast as Node's read stream.
 *
 * @throws NOT_FOUND while iterating, when the file does not exist
 */
export function fileBytes(
  path: string,
  { start = 0, length = Number.POSITIVE_INFINITY, memory = "own" }: FileBytesOptions = {},
): AsyncIterable<Uint8Array> {
  return {
    async *[Symbol.asyncIterator]() {
      let at = start;
      await using file = await open(path).catch((error: NodeJS.ErrnoException) => {
        throw error.code === "ENOENT" ? new LinuxKitError("NOT_FOUND", `${path} does not exist`, { what: path }, { cause: error }) : error;
      });
      const end = Math.min(start + length, (await file.stat()).size);
      const buffer = ring(memory === "reused" ? BUFFERS : Number.POSITIVE_INFINITY, () =>
        Buffer.allocUnsafeSlow(Math.min(CHUNK, end - at)),
      );
      const read = () => (at < end ? file.read(buffer(), 0, Math.min(CHUNK, end - at), at) : undefined);
      let next = read();
      while (next) {
        const { bytesRead, buffer } = await next;
        if (bytesRead === 0) return;
        at += bytesRead;
        next = read();
        // a caller that stops here must not leave the read ahead without a listener
        next?.catch(() => {});
        yield buffer.subarray(0, bytesRead);
      }
    },
  };
}
