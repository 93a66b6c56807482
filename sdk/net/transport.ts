import { exchange, networkError } from "./exchange.ts";
import { namedUrl } from "./named-url.ts";
import type { Fetch, HttpRequest, HttpResponse } from "./http.ts";
import { basic, splitLogin } from "./login.ts";
import { type RetryPolicy, backOff, isTransientStatus, isWorthRetrying, pause } from "./retry.ts";
import { chooseWire } from "./wire.ts";

export interface TransportOptions {
  readonly fetch?: Fetch | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Seconds that an answer may take to begin, and then each next 64 KiB of its body, or its rest. @default 60 */
  readonly timeoutSeconds?: number | undefined;
  readonly retry?: Partial<RetryPolicy> | undefined;
  /** The `Authorization` header of requests that have none. Not sent on to another host. @default none, or the login in the URL */
  readonly authorization?: ((url: URL) => string | undefined) | undefined;
}

/** Sends requests with a deadline, retries them where that may help, and follows redirects. */
export interface Transport {
  readonly retry: RetryPolicy;
  readonly signal: AbortSignal | undefined;
  /**
   * Sends a request. Every status is a response, a transient one only after the last try.
   *
   * @throws NETWORK, TIMEOUT, CANCELLED
   */
  send(request: HttpRequest): Promise<HttpResponse>;
}

const MAX_REDIRECTS = 5;

/** Creates a transport over `fetch`, and over separate sockets for large bodies. */
export function createTransport(options: TransportOptions = {}): Transport {
  const retry: RetryPolicy = { attempts: 5, baseMs: 250, maxMs: 20_000, ...options.retry };
  const wire = chooseWire(options.fetch);
  const timeoutSeconds = options.timeoutSeconds ?? 60;
  const { signal, authorization = () => undefined } = options;
  return {
    retry,
    signal,
    async send(request) {
      const attempts = request.repeatable === false ? 1 : retry.attempts;
      for (let attempt = 1; ; attempt++) {
        let retryAfter: string | null = null;
        try {
          const response = await follow(authorized(request, authorization(request.url)), (hop) =>
            exchange(wire, hop, timeoutSeconds, signal),
          );
          if (attempt >= attempts || !isTransientStatus(response.status)) return response;
          retryAfter = response.headers.get("retry-after");
          await response.drop();
        } catch (error) {
          if (attempt >= attempts || !isWorthRetrying(error)) throw error;
        }
        await pause(backOff(retry, attempt, retryAfter), signal);
      }
    },
  };
}

/** A request with its login in a header: a URL with a login is refused by `fetch`, and stands in its message (Fetch 5.4). */
function authorized(request: HttpRequest, known: string | undefined): HttpRequest {
  const { url, login } = splitLogin(request.url);
  const authorization = login ? basic(login) : known;
  return { ...request, url, headers: { ...(authorization !== undefined && { authorization }), ...request.headers } };
}

// not left to fetch: the login must not go to another host
async function follow(request: HttpRequest, exchange: (hop: HttpRequest) => Promise<HttpResponse>): Promise<HttpResponse> {
  let hop = request;
  for (let redirects = 0; ; redirects++) {
    const response = await exchange(hop);
    const location = response.headers.get("location");
    if (![301, 302, 303, 307, 308].includes(response.status) || location === null) return response;
    await response.drop();
    const url = namedUrl(hop.url, location, "redirects to");
    if (redirects >= MAX_REDIRECTS) throw networkError(request.url, `redirects more than ${MAX_REDIRECTS} times`);
    if (hop.secretBody && response.status !== 303 && url.origin !== hop.url.origin)
      throw networkError(hop.url, `redirects a login to another server, ${url.origin}`);
    const { authorization: _, ...withoutLogin } = hop.headers ?? {};
    hop = { ...hop, url, headers: url.origin === hop.url.origin ? (hop.headers ?? {}) : withoutLogin };
    hop = authorized(hop, undefined);
    if (response.status === 303 && hop.method !== "HEAD")
      hop = { method: "GET", url: hop.url, headers: hop.headers ?? {}, memory: hop.memory };
  }
}
