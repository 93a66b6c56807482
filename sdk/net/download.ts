import { sizeMismatch } from "../core/bytes.ts";
import { LinuxKitError } from "../core/errors.ts";
import type { HttpResponse } from "./http.ts";
import { backOff, isWorthRetrying, pause } from "./retry.ts";
import type { Transport } from "./transport.ts";

/** How a thing is downloaded. */
export interface DownloadOptions {
  /** Names the thing in messages. */
  readonly what: string;
  /** Its length, where it is known: less is taken for a cut connection. */
  readonly size?: number | undefined;
  /** Asks for it, with these headers: an answer is 200, or 206 or 416 when they hold a `range`; any other is thrown. */
  request(headers: Readonly<Record<string, string>>): Promise<HttpResponse>;
}

/** How much must arrive for a connection that is cut again to count as the first. */
const PROGRESS = 1 << 20;

/**
 * A body, chunk by chunk. A connection that is cut is taken up where it was cut (`Range`, RFC 9110 14), after a pause.
 * What comes is for the caller to verify.
 *
 * @throws what `request` throws; NETWORK or TIMEOUT after the last try; SIZE_MISMATCH for a body that is too short;
 * CORRUPT for another range than the one asked for
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
      // nothing comes after what is here
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
  throw new LinuxKitError("CORRUPT", `${what}: asked for the bytes from ${offset} on, got ${got ?? "no range"}`, { path: what });
}
