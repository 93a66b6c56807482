import type { Memory } from "../core/bytes.ts";

/** The part of `fetch` that is used; any implementation of it may be passed in. */
export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

/** One exchange with a server. */
export interface HttpRequest {
  readonly method?: "GET" | "HEAD" | "POST" | "PUT" | "PATCH" | "DELETE";
  readonly url: URL;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
  /** Whether it may simply be sent again when it failed on the way. @default true */
  readonly repeatable?: boolean;
  /**
   * Whose memory the chunks of the answer's body are. With `reused` a large body is read without a copy and without
   * garbage: that takes a connection of its own, so it pays from about a MiB on. @default "own"
   */
  readonly memory?: Memory | undefined;
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

/** One way to send a request: what goes wrong is thrown as it comes, and no redirect is followed. */
export type Wire = (request: HttpRequest, watch: Watch) => Promise<Omit<HttpResponse, "url">>;

/** What a wire heeds and tells while it works. */
export interface Watch {
  /** Ends the exchange, its body included. */
  readonly signal: AbortSignal;
  /** Called whenever bytes have come. */
  readonly onBytes: () => void;
}
