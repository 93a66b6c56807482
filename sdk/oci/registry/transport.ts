import { LinuxKitError, throwIfCancelled } from "../../core/errors.ts";
import { redactUrl } from "./redact.ts";
import { type RetryPolicy, backOff, isTransientStatus, isWorthRetrying, pause } from "./retry.ts";

/** The part of `fetch` that is used; any implementation of it may be passed in. */
export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

export interface TransportOptions {
  readonly fetch?: Fetch | undefined;
  readonly signal?: AbortSignal | undefined;
  /** How long an answer may take to begin, and then each next piece of its body. @default 60 */
  readonly timeoutSeconds?: number | undefined;
  readonly retry?: Partial<RetryPolicy> | undefined;
}

/** One exchange with a server. */
export interface HttpRequest {
  readonly method?: "GET" | "HEAD" | "POST" | "PUT" | "PATCH" | "DELETE";
  readonly url: URL;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
  /** Whether it may simply be sent again when it failed on the way. @default true */
  readonly repeatable?: boolean;
}

/** An answer whose body is read at most once, and must be read or dropped. */
export interface HttpResponse {
  readonly status: number;
  readonly headers: Headers;
  /** Where the answer came from, after redirects. */
  readonly url: URL;
  /** Ends with `NETWORK` or `TIMEOUT` when the connection is cut or stalls. */
  readonly body: AsyncIterable<Uint8Array>;
  /** Gives up the rest of the body. */
  drop(): Promise<void>;
}

/** Sends requests: with a deadline, again when that may help, and through redirects. */
export interface Transport {
  readonly retry: RetryPolicy;
  readonly signal: AbortSignal | undefined;
  /** @throws NETWORK, TIMEOUT, CANCELLED; any status but a transient one comes back as a response */
  send(request: HttpRequest): Promise<HttpResponse>;
}

const MAX_REDIRECTS = 5;

/** A transport over `fetch`. */
export function createTransport(options: TransportOptions = {}): Transport {
  const retry: RetryPolicy = { attempts: 5, baseMs: 250, maxMs: 20_000, ...options.retry };
  const fetch: Fetch = options.fetch ?? globalThis.fetch;
  const timeoutSeconds = options.timeoutSeconds ?? 60;
  const { signal } = options;
  return {
    retry,
    signal,
    async send(request) {
      const attempts = request.repeatable === false ? 1 : retry.attempts;
      for (let attempt = 1; ; attempt++) {
        let retryAfter: string | null = null;
        try {
          const response = await follow(request, (hop) => exchange(fetch, hop, timeoutSeconds, signal));
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

// by hand, because what may be sent to the next host is ours to decide
async function follow(request: HttpRequest, exchange: (hop: HttpRequest) => Promise<HttpResponse>): Promise<HttpResponse> {
  let hop = request;
  for (let redirects = 0; ; redirects++) {
    const response = await exchange(hop);
    const location = response.headers.get("location");
    if (![301, 302, 303, 307, 308].includes(response.status) || location === null) return response;
    await response.drop();
    const url = URL.parse(location, hop.url.href);
    if (!url || !/^https?:$/.test(url.protocol)) throw network(hop.url, "redirects to what is no address");
    if (redirects >= MAX_REDIRECTS) throw network(request.url, `redirects more than ${MAX_REDIRECTS} times`);
    if (hop.url.protocol === "https:" && url.protocol === "http:") throw network(hop.url, `redirects to plain http at ${url.host}`);
    const { authorization: _, ...withoutLogin } = hop.headers ?? {};
    hop = { ...hop, url, headers: url.origin === hop.url.origin ? (hop.headers ?? {}) : withoutLogin };
    if (response.status === 303 && hop.method !== "HEAD") hop = { method: "GET", url, headers: hop.headers ?? {} };
  }
}

async function exchange(fetch: Fetch, request: HttpRequest, timeoutSeconds: number, signal: AbortSignal | undefined): Promise<HttpResponse> {
  const { url, method = "GET" } = request;
  throwIfCancelled(signal, `${method} ${redactUrl(url)}`);
  const deadline = new AbortController();
  const timer = setTimeout(() => deadline.abort(), timeoutSeconds * 1000);
  const translate = (error: unknown): LinuxKitError => {
    if (signal?.aborted) return new LinuxKitError("CANCELLED", `${method} ${redactUrl(url)} was cancelled`, { what: redactUrl(url) }, { cause: error });
    if (deadline.signal.aborted) {
      return new LinuxKitError("TIMEOUT", `${method} ${redactUrl(url)}: no answer within ${timeoutSeconds} seconds`, { seconds: timeoutSeconds, waitingFor: redactUrl(url) }, { cause: error });
    }
    return network(url, reasonOf(error), error);
  };
  let response: Response;
  try {
    response = await fetch(url.href, {
      method,
      // registries answer with the bytes that the digest is of; an encoding on the way would change them
      headers: { "accept-encoding": "identity", "user-agent": "pulumi-linuxkit", ...request.headers },
      redirect: "manual",
      signal: signal ? AbortSignal.any([signal, deadline.signal]) : deadline.signal,
      ...(request.body && { body: request.body as Uint8Array<ArrayBuffer> }),
    });
  } catch (error) {
    clearTimeout(timer);
    throw translate(error);
  }
  return {
    status: response.status,
    headers: response.headers,
    url,
    body: read(response.body, timer, translate),
    async drop() {
      clearTimeout(timer);
      await response.body?.cancel().catch(() => {});
    },
  };
}

async function* read(body: ReadableStream<Uint8Array> | null, timer: NodeJS.Timeout, translate: (error: unknown) => LinuxKitError): AsyncGenerator<Uint8Array> {
  try {
    for await (const chunk of body ?? []) {
      timer.refresh();
      yield chunk;
      // the time that the reader of the bytes takes is not the server's
      timer.refresh();
    }
  } catch (error) {
    throw translate(error);
  } finally {
    clearTimeout(timer);
  }
}

function network(url: URL, why: string, cause?: unknown): LinuxKitError {
  return new LinuxKitError("NETWORK", `${redactUrl(url)}: ${why}`, { url: redactUrl(url) }, cause === undefined ? undefined : { cause });
}

// fetch says "fetch failed"; what failed is in its cause
function reasonOf(error: unknown): string {
  const cause = (error as { cause?: { code?: string; message?: string } }).cause;
  const reason = cause?.message || cause?.code || (error as Error).message || String(error);
  return `connection failed: ${reason}`;
}
