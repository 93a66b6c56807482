import { collect } from "../../../../sdk/core/bytes.ts";
import { LinuxKitError } from "../../../../sdk/core/errors.ts";
import type { HttpRequest, HttpResponse } from "../../../../sdk/net/http.ts";
import { refusalOf } from "../../../../sdk/net/refusal.ts";
import { createTransport } from "../../../../sdk/net/transport.ts";

/** Attempts at one request, including the first. The pause doubles with jitter, and is at least what Azure asks for. */
const RETRY = { attempts: 12, baseMs: 250, maxMs: 30_000 } as const;

/** One request to Azure, and the statuses that are not errors. */
export interface AzureRequest extends Omit<HttpRequest, "url"> {
  /** The operation and its object, for messages: `disk web-1`. */
  readonly what: string;
  readonly url: string;
  /** Statuses besides 2xx that the caller handles. @default none */
  readonly takes?: readonly number[];
  /** Timeout in seconds for the first response byte; then the request is retried. @default 60 */
  readonly timeoutSeconds?: number;
}

/** An answer with its whole body. */
export interface AzureAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Buffer;
}

/**
 * Sends a request with a deadline, and repeats it after 408, 429, 5xx and cut connections.
 *
 * @throws NOT_FOUND, ACCESS_DENIED, NETWORK, TIMEOUT with Azure's message; the signal's reason if aborted
 */
export async function sendToAzure(
  { what, url, takes = [], timeoutSeconds, ...request }: AzureRequest,
  signal: AbortSignal,
): Promise<AzureAnswer> {
  try {
    const response = await createTransport({ signal, retry: RETRY, timeoutSeconds }).send({ ...request, url: new URL(url) });
    const { status, headers } = response;
    if ((status < 200 || status >= 300) && !takes.includes(status)) throw await failureOf(response, what);
    return { status, headers, body: await collect(response.body, undefined, what) };
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  }
}

async function failureOf(response: HttpResponse, what: string): Promise<LinuxKitError> {
  const { status } = response;
  const refusal = await refusalOf(response, `azure ${what}`, { name: "azure", explain: messageIn });
  // a retry cannot fix a wrong request
  const final = refusal.code === "NETWORK" && status >= 400 && status < 500;
  return final ? new LinuxKitError("ACCESS_DENIED", refusal.message, { url: what, status }) : refusal;
}

/** The message in an error's body. Source: Azure Resource Manager, "Error response content"; Azure Storage, "Status and error codes". */
function messageIn(body: Buffer): string {
  const text = body.toString();
  const [code, message] = ["Code", "Message"].map((name) => new RegExp(`<${name}>([^<]*)`).exec(text)?.[1]);
  if (code !== undefined) return `${code}: ${message ?? ""}`;
  const { error } = JSON.parse(text) as { error?: { code?: string; message?: string; details?: readonly { message?: string }[] } };
  return [error?.code, error?.message, ...(error?.details ?? []).map(({ message }) => message)].filter(Boolean).join(": ");
}
