import { setTimeout as sleep } from "node:timers/promises";
import { LinuxKitError, throwIfCancelled } from "../core/errors.ts";

/** How to ask a mirror. Proxies are the fetch's own business: Node's honours HTTP_PROXY with NODE_USE_ENV_PROXY=1. */
export interface HttpOptions {
  readonly fetch?: typeof fetch | undefined;
  readonly signal?: AbortSignal | undefined;
  /** How often a failed request is begun again. @default 4 */
  readonly retries?: number | undefined;
  /** Milliseconds before the first retry; each next one waits twice as long. @default 250 */
  readonly backOff?: number | undefined;
  /** Milliseconds without a byte after which a request counts as failed. @default 30000 */
  readonly deadline?: number | undefined;
}

/**
 * Downloads a file chunk by chunk. A connection that breaks, stalls or is refused for a passing reason is begun again
 * where it broke (`Range`), with growing pauses; what comes is not verified here.
 *
 * @throws NOT_FOUND for 404 and 410, ACCESS_DENIED for 401, 403 and 407, NETWORK after the last retry, CANCELLED
 */
export async function* download(url: string, options: HttpOptions = {}): AsyncGenerator<Uint8Array> {
  const retries = options.retries ?? 4;
  let received = 0;
  for (let attempt = 0; ; attempt++) {
    try {
      for await (const chunk of request(url, received, options)) {
        received += chunk.length;
        yield chunk;
      }
      return;
    } catch (error) {
      throwIfCancelled(options.signal, `download of ${url}`);
      if (error instanceof LinuxKitError) throw error;
      if (attempt >= retries) {
        const seen = error instanceof Error ? (error.cause instanceof Error ? error.cause.message : error.message) : String(error);
        throw new LinuxKitError("NETWORK", `cannot download ${url}: ${seen} (tried ${attempt + 1} times)`, { url }, { cause: error });
      }
      await sleep((options.backOff ?? 250) * 2 ** attempt, undefined, { signal: options.signal }).catch(() => {});
      throwIfCancelled(options.signal, `download of ${url}`);
    }
  }
}

async function* request(url: string, from: number, options: HttpOptions): AsyncGenerator<Uint8Array> {
  const stalled = new AbortController();
  const deadline = options.deadline ?? 30_000;
  const timer = setTimeout(() => stalled.abort(new Error(`nothing came for ${deadline / 1000} seconds`)), deadline);
  const signal = options.signal ? AbortSignal.any([options.signal, stalled.signal]) : stalled.signal;
  try {
    const response = await (options.fetch ?? fetch)(url, { signal, headers: from > 0 ? { range: `bytes=${from}-` } : {} });
    if (!response.ok) {
      await response.body?.cancel();
      throw refusal(url, response);
    }
    // a server that ignores the range begins from the start: what is known already is skipped
    let skip = from > 0 && response.status !== 206 ? from : 0;
    for await (const chunk of response.body ?? []) {
      timer.refresh();
      if (skip < chunk.length) yield skip > 0 ? chunk.subarray(skip) : chunk;
      skip = Math.max(0, skip - chunk.length);
    }
  } finally {
    clearTimeout(timer);
    stalled.abort();
  }
}

// what will be the same next time is coded and final; the rest is worth a retry
function refusal(url: string, { status, statusText }: Response): Error {
  if (status === 404 || status === 410) return new LinuxKitError("NOT_FOUND", `${url}: not there (HTTP ${status})`, { what: url });
  if (status === 401 || status === 403 || status === 407) return new LinuxKitError("ACCESS_DENIED", `${url}: refused (HTTP ${status})`, { url, status });
  return new Error(`HTTP ${status} ${statusText}`.trim());
}
