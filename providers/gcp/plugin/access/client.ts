import { collect } from "../../../../sdk/core/bytes.ts";
import type { LinuxKitError } from "../../../../sdk/core/errors.ts";
import type { HttpRequest, HttpResponse } from "../../../../sdk/net/http.ts";
import { refusalOf } from "../../../../sdk/net/refusal.ts";
import { createTransport } from "../../../../sdk/net/transport.ts";
import type { Login } from "./login.ts";

/** Attempts at one request that may be repeated, including the first. */
export const ATTEMPTS = 10;

/** Seconds that an answer may take to begin; then the request is retried. */
const ANSWER_SECONDS = 60;

export interface ClientOptions {
  readonly login: Login;
  /** The service's name in messages: `Cloud Storage`. */
  readonly service: string;
  readonly signal?: AbortSignal | undefined;
  /** The longest pause before the second try, milliseconds. @default 500 */
  readonly pauseMs?: number | undefined;
}

/** One request to a Google API, and the statuses that are not errors. */
export interface ApiRequest extends Omit<HttpRequest, "body" | "url"> {
  /** The operation and its object, for messages: `bucket images`. */
  readonly what: string;
  readonly url: string | URL;
  readonly json?: unknown;
  readonly body?: Uint8Array;
  /** Statuses besides 2xx that the caller handles. @default none */
  readonly takes?: readonly number[];
}

/** Google's JSON APIs with one set of credentials. Each request has a deadline, and is repeated after 429, 5xx and cut connections. */
export interface GcpClient {
  readonly signal: AbortSignal | undefined;
  /** The caller must read or drop the answer's body. @throws NOT_FOUND, ACCESS_DENIED, NETWORK, TIMEOUT with Google's message */
  send(request: ApiRequest): Promise<HttpResponse>;
  /** The answer's body; undefined for a status in `takes`. */
  json<T>(request: ApiRequest): Promise<T | undefined>;
  /** The error that an answer stands for. */
  refusal(response: HttpResponse, what: string): Promise<LinuxKitError>;
}

export function gcpClient({ login, service, signal, pauseMs = 500 }: ClientOptions): GcpClient {
  const transport = createTransport({ signal, timeoutSeconds: ANSWER_SECONDS, retry: { attempts: ATTEMPTS, baseMs: pauseMs } });
  const refusal = (response: HttpResponse, what: string): Promise<LinuxKitError> =>
    refusalOf(response, what, { name: service, explain: messageIn });
  const send = async ({ what, url, json, body, takes = [], headers, ...request }: ApiRequest): Promise<HttpResponse> => {
    const all = { ...(json !== undefined && { "content-type": "application/json" }), ...headers, ...(await login()) };
    const bytes = json === undefined ? body : Buffer.from(JSON.stringify(json));
    const response = await transport.send({ ...request, url: new URL(url), headers: all, ...(bytes && { body: bytes }) });
    if ((response.status >= 200 && response.status < 300) || takes.includes(response.status)) return response;
    throw await refusal(response, what);
  };
  return {
    signal,
    send,
    refusal,
    async json<T>(request: ApiRequest) {
      const response = await send(request);
      if (request.takes?.includes(response.status)) {
        await response.drop();
        return undefined;
      }
      const bytes = await collect(response.body, undefined, request.what);
      return (bytes.length === 0 ? {} : JSON.parse(bytes.toString())) as T;
    },
  };
}

/** Source: Google Cloud APIs, "Errors": `{ error: { code, message, errors: [{ reason }] } }`; OAuth has a code and a description. */
function messageIn(body: Buffer): string {
  const { error, error_description } = JSON.parse(body.toString()) as { error?: string | { message?: string }; error_description?: string };
  return typeof error === "object" ? (error.message ?? "") : [error, error_description].filter(Boolean).join(": ");
}
