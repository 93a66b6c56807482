import { setTimeout as sleep } from "node:timers/promises";
import { LinuxKitError } from "../../../../sdk/core/errors.ts";
import { type AzureAnswer, sendToAzure } from "./client.ts";
import type { AzureLogin } from "./login.ts";

/** Seconds between two looks at an operation, unless Azure sets them. */
const PACE_SECONDS = 2;

/** A request to Azure Resource Manager: `path` begins with `/subscriptions/…`. */
export interface ManagerRequest {
  readonly method: "GET" | "PUT" | "PATCH" | "POST" | "DELETE";
  readonly path: string;
  readonly apiVersion: string;
  /** The operation and its object, for messages. */
  readonly what: string;
  readonly body?: unknown;
  /** Conditions such as `if-match`. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** A running operation. */
export interface Order {
  /** Whether it has ended, and why it failed. */
  look(signal: AbortSignal): Promise<{ readonly over: boolean; readonly failure?: string | undefined }>;
}

/** Azure Resource Manager with one set of credentials. */
export interface ResourceManager {
  readonly login: AzureLogin;
  /**
   * Sends a request and waits for the operation that it starts. Undefined if GET or DELETE finds no resource.
   * @throws NOT_FOUND, ACCESS_DENIED, NETWORK, TIMEOUT with Azure's message
   */
  ask<T>(request: ManagerRequest, signal: AbortSignal): Promise<T | undefined>;
  /** Sends a request and does not wait for its operation. @throws as {@link ResourceManager.ask} */
  order(request: ManagerRequest, signal: AbortSignal): Promise<Order>;
  /** All pages of a list. */
  list<T>(request: Omit<ManagerRequest, "method" | "body">, signal: AbortSignal): Promise<T[]>;
}

/** Source: Microsoft Learn, "Track asynchronous Azure operations". */
export function resourceManager(login: AzureLogin): ResourceManager {
  const { manager, managerScope } = login.cloud;
  const send = async (
    what: string,
    method: ManagerRequest["method"],
    url: string,
    signal: AbortSignal,
    more: { readonly body?: Uint8Array; readonly headers?: Readonly<Record<string, string>> } = {},
  ): Promise<AzureAnswer> => {
    const headers = {
      ...more.headers,
      authorization: `Bearer ${await login.token(managerScope, signal)}`,
      ...(more.body && { "content-type": "application/json" }),
    };
    return sendToAzure(
      { what, method, url, headers, takes: method === "GET" || method === "DELETE" ? [404] : [], ...(more.body && { body: more.body }) },
      signal,
    );
  };
  const urlOf = (path: string, apiVersion: string): string => `${manager}${path}${path.includes("?") ? "&" : "?"}api-version=${apiVersion}`;
  return {
    login,
    async ask<T>({ method, path, apiVersion, what, body, headers = {} }: ManagerRequest, signal: AbortSignal) {
      const url = urlOf(path, apiVersion);
      const bytes = body === undefined ? undefined : Buffer.from(JSON.stringify(body));
      const answer = await send(what, method, url, signal, { headers, ...(bytes && { body: bytes }) });
      if (answer.status === 404) return undefined;
      const end = await ended(answer, what, signal, (next) => send(what, "GET", next, signal));
      if (method === "PUT" || method === "PATCH") return end === answer ? json<T>(answer) : json<T>(await send(what, "GET", url, signal));
      return json<T>(end);
    },
    async order({ method, path, apiVersion, what, body, headers = {} }, signal) {
      const answer = await send(what, method, urlOf(path, apiVersion), signal, {
        headers,
        ...(body !== undefined && { body: Buffer.from(JSON.stringify(body)) }),
      });
      const status = answer.headers.get("azure-asyncoperation");
      return { look: async (signal) => (status === null ? { over: true } : stateOf(await send(what, "GET", status, signal))) };
    },
    async list<T>({ path, apiVersion, what, headers = {} }: Omit<ManagerRequest, "method" | "body">, signal: AbortSignal) {
      const found: T[] = [];
      for (let url: string | undefined = urlOf(path, apiVersion); url !== undefined; ) {
        const answer = await send(what, "GET", url, signal, { headers });
        if (answer.status === 404) return found;
        const page: { readonly value?: readonly T[]; readonly nextLink?: string } = json(answer) ?? {};
        found.push(...(page.value ?? []));
        url = page.nextLink || undefined;
      }
      return found;
    },
  };
}

/** The last answer of an operation, which may be the first one. */
async function ended(
  first: AzureAnswer,
  what: string,
  signal: AbortSignal,
  get: (url: string) => Promise<AzureAnswer>,
): Promise<AzureAnswer> {
  const status = first.headers.get("azure-asyncoperation");
  const location = first.headers.get("location");
  if (status === null && (location === null || first.status !== 202)) return first;
  for (let last = first; ; ) {
    await sleep(1000 * Number(last.headers.get("retry-after") ?? PACE_SECONDS), undefined, { signal }).catch(() => signal.throwIfAborted());
    last = await get(status ?? (location as string));
    if (status === null) {
      if (last.status !== 202) return last;
      continue;
    }
    const { over, failure } = stateOf(last);
    if (failure !== undefined) throw new LinuxKitError("ACCESS_DENIED", `azure ${what}: ${failure}`, { url: what, status: last.status });
    if (over) return location === null ? outputOf(last) : get(location);
  }
}

function stateOf(answer: AzureAnswer): { readonly over: boolean; readonly failure?: string } {
  const { status, error } = json<{ status?: string; error?: { code?: string; message?: string } }>(answer) ?? {};
  if (status !== "Failed" && status !== "Canceled") return { over: status === "Succeeded" };
  return {
    over: true,
    failure: `${status.toLowerCase()}: ${[error?.code, error?.message].filter(Boolean).join(": ") || "no reason given"}`,
  };
}

/** The operation's result, from its status: nothing else holds it. */
function outputOf(answer: AzureAnswer): AzureAnswer {
  const { properties } = json<{ properties?: { output?: unknown } }>(answer) ?? {};
  return { ...answer, body: Buffer.from(properties?.output === undefined ? "" : JSON.stringify(properties.output)) };
}

function json<T>({ body, status }: AzureAnswer): T | undefined {
  return body.length === 0 || status === 404 ? undefined : (JSON.parse(body.toString()) as T);
}
