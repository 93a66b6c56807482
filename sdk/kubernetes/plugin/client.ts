import { request } from "node:https";
import { setTimeout as sleep } from "node:timers/promises";
import { LinuxKitError } from "../../core/errors.ts";

/** Where an API server answers, and by which keys. */
export interface ApiServer {
  /** `ADDRESS:PORT` */
  readonly at: string;
  /** As PEM. */
  readonly keys: { readonly ca: string; readonly certificate: string; readonly key: string };
}

/** What the API server answered. */
export interface Answer {
  readonly status: number;
  readonly body: unknown;
}

/** One request. */
export interface Call {
  readonly method?: "GET" | "POST" | "PATCH" | "DELETE";
  readonly path: string;
  readonly body?: object;
  /** Statuses that are an answer, beside those from 200 to 299. @default none */
  readonly accept?: readonly number[];
  /** How often a server that does not answer is asked. Every call of a member may be made again. @default 5 */
  readonly tries?: number;
  readonly signal: AbortSignal;
}

/** A node has 110 pods at most (kubelet, maxPods), and an object is smaller than 1.5 MiB (etcd, --max-request-bytes). */
const MOST_BYTES = 64 << 20;
const CALL_MS = 30_000;
const PAUSE_MS = 2000;
/** Failures that pass: a server that is busy, or that restarts. One whose certificate is refused stays so. */
const PASSING = ["ECONNREFUSED", "ECONNRESET", "EPIPE", "ETIMEDOUT", "ABORT_ERR"];

/**
 * Asks an API server over mutual TLS. `localhost` is among the names of its certificate, whatever leads to it.
 *
 * @throws CANCELLED; NETWORK for one that does not answer; ACCESS_DENIED for one that refuses the keys; NOT_FOUND; UNSUPPORTED with
 * what it says for any other status that `accept` does not name
 */
export async function call(api: ApiServer, { accept = [], tries = 5, ...rest }: Call): Promise<Answer> {
  const { path, signal } = rest;
  const url = `https://${api.at}${path}`;
  let answer: Answer | undefined;
  for (let left = tries - 1; !answer; left--) {
    answer = await sent(api, rest).catch(async (error: NodeJS.ErrnoException) => {
      signal.throwIfAborted();
      if (left <= 0 || !PASSING.includes(String(error.code)))
        throw new LinuxKitError("NETWORK", `${url}: the API server does not answer: ${error.message}`, { url }, { cause: error });
      await sleep(PAUSE_MS, undefined, { signal });
      return undefined;
    });
  }
  const { status } = answer;
  if ((status >= 200 && status < 300) || accept.includes(status)) return answer;
  const said = `${url}: the API server answered ${status}: ${reason(answer)}`;
  if (status === 401 || status === 403) throw new LinuxKitError("ACCESS_DENIED", said, { url, status });
  if (status === 404) throw new LinuxKitError("NOT_FOUND", said, { what: path });
  throw new LinuxKitError("UNSUPPORTED", said, { what: path });
}

/** What an answer says, of a Status or as text. */
export function reason({ body }: Answer): string {
  const { message } = (typeof body === "object" && body !== null ? body : {}) as { readonly message?: unknown };
  return String(message ?? (typeof body === "string" ? body : "")).slice(0, 500);
}

function sent({ at, keys }: ApiServer, { method = "GET", path, body, signal }: Omit<Call, "accept" | "tries">): Promise<Answer> {
  const [, host, port] = /^(.*):(\d+)$/.exec(at) ?? [];
  const text = body && JSON.stringify(body);
  const type = method === "PATCH" ? "application/merge-patch+json" : "application/json";
  return new Promise((resolve, reject) => {
    const outgoing = request(
      {
        ...{ host, port, path, method, agent: false },
        ...{ ca: keys.ca, cert: keys.certificate, key: keys.key, servername: "localhost" },
        headers: { accept: "application/json", ...(text && { "content-type": type, "content-length": Buffer.byteLength(text) }) },
        signal: AbortSignal.any([signal, AbortSignal.timeout(CALL_MS)]),
      },
      (answer) => {
        const parts: Buffer[] = [];
        let size = 0;
        answer.on("data", (part: Buffer) => {
          parts.push(part);
          size += part.length;
          if (size > MOST_BYTES) outgoing.destroy(new Error(`its answer is larger than ${MOST_BYTES} bytes`));
        });
        answer.on("error", reject);
        answer.on("end", () => resolve({ status: answer.statusCode ?? 0, body: parsed(Buffer.concat(parts)) }));
      },
    );
    outgoing.on("error", reject);
    outgoing.end(text);
  });
}

function parsed(bytes: Buffer): unknown {
  const text = bytes.toString();
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
