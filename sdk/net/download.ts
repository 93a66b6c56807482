import { sizeMismatch } from "../core/bytes.ts";
import { LinuxKitError } from "../core/errors.ts";
import type { HttpResponse } from "./http.ts";
import { backOff, isWorthRetrying, pause } from "./retry.ts";
import type { Transport } from "./transport.ts";

/** What to download, and how to ask for it. */
export interface DownloadOptions {
  /** Names the body in messages. */
  readonly what: string;
  /** Its length in bytes, where known: a shorter body counts as a cut connection. */
  readonly size?: number | undefined;
  /** Requests it with these headers. Answers are 200, and 206 or 416 if `range` is set; any other must be thrown. */
  request(headers: Readonly<Record<string, string>>): Promise<HttpResponse>;
}

/** Bytes that must arrive between two failures for the second to count as the first. */
const PROGRESS = 1 << 20;

/**
 * Downloads a body, chunk by chunk. After a cut connection and a pause it continues at the same offset (`Range`,
 * RFC 9110 14). The caller verifies the bytes.
 *
 * @throws NETWORK or TIMEOUT after the last try; SIZE_MISMATCH for a body that is too short; CORRUPT for a range that was
 * not asked for; and errors of `request`
 */
export async function* download(
  { retry, signal }: Pick<Transport, "retry" | "signal">,
  options: DownloadOptions,
): AsyncGenerator<Uint8Array> {
  const { what, size } = options;
  let offset = 0;
  let failures = 0;
  let failedAt = 0;
  while (true) {
    const response = await requestFrom(offset, options);
    let failure: unknown;
    if (response.status === 416) {
      await response.drop();
      // the body ends at this offset
      if (size === undefined) return;
      throw sizeMismatch(what, size, offset);
    }
    try {
      // a server that ignores the range sends all of it again
      let skip = response.status === 206 ? 0 : offset;
      for await (const chunk of response.body) {
        const fresh = chunk.subarray(Math.min(skip, chunk.length));
        skip -= chunk.length - fresh.length;
        offset += fresh.length;
        if (fresh.length > 0) yield fresh;
      }
      if (size === undefined || offset >= size) return;
      failure = sizeMismatch(what, size, offset);
    } catch (error) {
      if (!isWorthRetrying(error)) throw error;
      failure = error;
    }
    failures = offset - failedAt >= PROGRESS ? 1 : failures + 1;
    failedAt = offset;
    if (failures >= retry.attempts) throw failure;
    await pause(backOff(retry, failures), signal);
  }
}

async function requestFrom(offset: number, { what, request }: DownloadOptions): Promise<HttpResponse> {
  const response = await request(offset > 0 ? { range: `bytes=${offset}-` } : {});
  const got = response.headers.get("content-range");
  if (response.status !== 206 || got?.startsWith(`bytes ${offset}-`)) return response;
  await response.drop();
  throw new LinuxKitError("CORRUPT", `${what}: got the range ${got ?? "(no content-range)"}, wanted bytes from ${offset}`, { path: what });
}
