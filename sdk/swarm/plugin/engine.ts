import { request } from "node:https";
import { LinuxKitError } from "../../core/errors.ts";
import type { Json } from "../../core/json.ts";

/** Where a node's engine answers, and by which keys. */
export interface EngineAddress {
  /** The node's name, which its certificate has. */
  readonly name: string;
  /** @example "127.0.0.1:40001" */
  readonly at: string;
  readonly keys: { readonly ca: string; readonly certificate: string; readonly key: string };
}

/** A request to an engine. */
export interface EngineCall {
  readonly method: "GET" | "POST" | "DELETE";
  /** With its query, without a version: the engine then takes its newest (Docker Engine API, "Versioning"). @example "/swarm" */
  readonly path: string;
  readonly body?: Json;
  readonly signal: AbortSignal;
}

/** An answer. Docker's own text of an error is in `message`. */
export interface EngineAnswer {
  readonly status: number;
  readonly body: unknown;
  readonly message: string;
}

/** Sends a request, and waits for the answer. */
export type Ask = (call: EngineCall) => Promise<EngineAnswer>;

/** Seconds in which an engine must answer: a join takes 20 s until it goes on by itself (moby, daemon/cluster/cluster.go). */
const PATIENCE = 45;

/** The most bytes of an answer. */
const LONGEST = 8 << 20;

/**
 * The API of one engine, over TLS 1.2 or newer with certificates on both sides.
 *
 * Source: Docker Engine API 1.41; docs.docker.com, "Protect the Docker daemon socket".
 */
export function engineAt({ name, at, keys }: EngineAddress): Ask {
  return async ({ method, path, body, signal }) => {
    const url = `https://${at}${path}`;
    const late = AbortSignal.timeout(PATIENCE * 1000);
    try {
      return await exchange({ url, name, keys, method, body, signal: AbortSignal.any([signal, late]) });
    } catch (error) {
      signal.throwIfAborted();
      throw lost(url.replace(/\?.*/, ""), late.aborted, error as NodeJS.ErrnoException);
    }
  };
}

interface Exchange extends Pick<EngineAddress, "name" | "keys">, Pick<EngineCall, "method" | "signal"> {
  readonly url: string;
  readonly body: Json | undefined;
}

function exchange({ url, name, keys, method, body, signal }: Exchange): Promise<EngineAnswer> {
  const text = body === undefined ? "" : JSON.stringify(body);
  const headers = { "content-type": "application/json", "content-length": Buffer.byteLength(text) };
  const tls = { ca: keys.ca, cert: keys.certificate, key: keys.key, servername: name };
  return new Promise((resolve, reject) => {
    const asked = request(url, { ...tls, method, headers, signal, agent: false }, (response) => {
      let got = "";
      response.setEncoding("utf8");
      response.on("error", reject);
      response.on("data", (chunk: string) => {
        got += chunk;
        if (got.length > LONGEST) response.destroy(new Error("the answer is too long"));
      });
      response.on("end", () => resolve(answered(response.statusCode ?? 0, got)));
    });
    asked.on("error", reject);
    asked.end(text);
  });
}

function answered(status: number, text: string): EngineAnswer {
  let body: unknown = text;
  try {
    body = JSON.parse(text);
  } catch {
    // an empty answer, or one of a proxy
  }
  const { message } = (typeof body === "object" && body !== null ? body : {}) as { readonly message?: unknown };
  return { status, body, message: typeof message === "string" ? message : text.slice(0, 500) };
}

function lost(url: string, isLate: boolean, error: NodeJS.ErrnoException): LinuxKitError {
  if (isLate)
    return new LinuxKitError("TIMEOUT", `${url}: the engine did not answer within ${PATIENCE} s`, { seconds: PATIENCE, waitingFor: url });
  const { syscall, code, message } = error;
  // what no system call has reported is TLS's
  if (syscall === undefined && code !== undefined && /^ERR_(SSL|TLS)|CERT|SELF_SIGNED|UNABLE_TO/.test(code))
    return new LinuxKitError(
      "ACCESS_DENIED",
      `${url}: a certificate was refused (${message}): the engine is of another cluster, or the keys of this one were made anew`,
      { url, status: 403 },
      { cause: error },
    );
  return new LinuxKitError("NETWORK", `${url}: the engine does not answer: ${message}`, { url }, { cause: error });
}
