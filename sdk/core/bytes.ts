import { createHash } from "node:crypto";
import type { Digest } from "./digest.ts";
import { LinuxKitError } from "./errors.ts";

/** A stream of bytes that is read once, chunk by chunk. */
export type Bytes = AsyncIterable<Uint8Array> | Iterable<Uint8Array>;

/**
 * Who owns the memory of a stream's chunks. `own`: the reader, which may keep them. `reused`: the stream. A chunk is then
 * valid until the second one after it is asked for ({@link verify} may come between and hold one back), and gigabytes
 * pass without garbage.
 */
export type Memory = "own" | "reused";

/**
 * Reads a whole stream into memory, for small bodies.
 *
 * @param limit most bytes @default 64 MiB
 * @param what names the stream in messages
 * @throws TOO_LARGE for more than `limit` bytes
 */
export async function collect(source: Bytes, limit = 64 << 20, what = "body"): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of source) {
    size += chunk.length;
    if (size > limit) throw new LinuxKitError("TOO_LARGE", `${what}: more than ${limit} bytes`, { what, limit, got: size });
    // a copy: the stream may reuse the memory
    chunks.push(Buffer.from(chunk));
  }
  return Buffer.concat(chunks, size);
}

/**
 * Passes a stream through and verifies it. The last chunk is held back until size and sha256 are verified, so that no
 * reader ever holds a whole body that is wrong.
 *
 * @param path names the stream in messages
 * @throws SIZE_MISMATCH, DIGEST_MISMATCH
 */
export async function* verify(
  source: Bytes,
  want: { readonly digest?: Digest; readonly size?: number },
  path: string,
): AsyncGenerator<Uint8Array> {
  const hash = createHash("sha256");
  let size = 0;
  let held: Uint8Array | undefined;
  for await (const chunk of source) {
    if (chunk.length === 0) continue;
    size += chunk.length;
    if (want.size !== undefined && size > want.size) throw sizeMismatch(path, want.size, size);
    hash.update(chunk);
    if (held) yield held;
    held = chunk;
  }
  if (want.size !== undefined && size !== want.size) throw sizeMismatch(path, want.size, size);
  const got: Digest = `sha256:${hash.digest("hex")}`;
  if (want.digest !== undefined && got !== want.digest) {
    throw new LinuxKitError("DIGEST_MISMATCH", `${path}: got ${got}, wanted ${want.digest}`, { path, want: want.digest, got });
  }
  if (held) yield held;
}

/** Passes a stream through, and calls `count` with the length of each chunk before passing it on. */
export async function* counted(source: Bytes, count: (bytes: number) => void): AsyncGenerator<Uint8Array> {
  for await (const chunk of source) {
    count(chunk.length);
    yield chunk;
  }
}

/** Size in bytes and sha256 of a stream that passed through {@link measure}, complete once the stream has ended. */
export interface Measure {
  size: number;
  digest: Digest;
}

/** Passes a stream through and fills `measure` with its size and sha256. */
export async function* measure(source: Bytes, measure: Measure): AsyncGenerator<Uint8Array> {
  const hash = createHash("sha256");
  measure.size = 0;
  for await (const chunk of source) {
    measure.size += chunk.length;
    hash.update(chunk);
    yield chunk;
  }
  measure.digest = `sha256:${hash.digest("hex")}`;
}

/** The error for a body that is shorter or longer than it should be. */
export function sizeMismatch(path: string, want: number, got: number): LinuxKitError {
  return new LinuxKitError("SIZE_MISMATCH", `${path}: got ${got} bytes, wanted ${want}`, { path, want, got });
}
