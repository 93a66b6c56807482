import type { Memory } from "../core/bytes.ts";

/** The part of `fetch` that this library uses; any implementation may be passed in. */
export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

/** A request to a server. */
export interface HttpRequest {
  /** @default "GET" */
  readonly method?: "GET" | "HEAD" | "POST" | "PUT" | "PATCH" | "DELETE";
  readonly url: URL;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
  /** Whether the body is a login: a redirect that would send it to another origin is refused. @default false */
  readonly secretBody?: boolean;
  /** Whether it may be sent again after a failed connection or a transient status. @default true */
  readonly repeatable?: boolean;
  /**
   * Who owns the memory of the answer's chunks. With `reused` a large body is read without a copy and without garbage.
   * That takes a separate connection, so it pays from about 1 MiB. @default "own"
   */
  readonly memory?: Memory | undefined;
}

/** An answer. Its body can be read once, and must be read or dropped. */
export interface HttpResponse {
  readonly status: number;
  readonly headers: Headers;
  /** Where the answer came from, after redirects. */
  readonly url: URL;
  /** Throws `NETWORK` when the connection is cut, `TIMEOUT` when it stalls, `CANCELLED` when aborted. */
  readonly body: AsyncIterable<Uint8Array>;
  /** Discards the rest of the body. */
  drop(): Promise<void>;
}

/** One way to send a request. Errors are thrown untranslated, and redirects are not followed. */
export type Wire = (request: HttpRequest, watch: Watch) => Promise<Omit<HttpResponse, "url">>;

/** How a caller watches and ends an exchange. */
export interface Watch {
  /** Ends the exchange, its body included. */
  readonly signal: AbortSignal;
  /** Called whenever bytes were sent or received. */
  readonly onBytes: (bytes: number) => void;
}
