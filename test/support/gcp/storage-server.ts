/**
 * Plays the HTTP surface of Cloud Storage's JSON API, with faults on purpose.
 *
 * Source: Cloud Storage JSON API, paths and parameters; "Perform resumable uploads".
 * Judged by: test/gcp/fake-gcs.judge.test.ts.
 * Assumed: the form of errors beyond code and message.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { record } from "../models/recorded.ts";
import { describe, type StorageAnswer, StorageObjects, StorageRefusal } from "./storage-objects.ts";

/** A fault that the server injects into one request. */
export type StorageFault =
  | { readonly status: number; readonly retryAfter?: number }
  /** The connection ends: before any effect, after `after` bytes of the body, or, with `done`, after the effect. */
  | { readonly cut: true; readonly after?: number; readonly done?: boolean }
  | { readonly delayMs: number }
  /** One bit of the body arrives flipped. */
  | { readonly flip: true };

/** A request that was served. */
export interface StorageRequest {
  readonly action: StorageAction;
  readonly status: number;
  readonly bytes: number;
}

export type StorageAction =
  | "bucket"
  | "make bucket"
  | "remove bucket"
  | "list"
  | "object"
  | "remove"
  | "rewrite"
  | "start"
  | "put"
  | "query"
  | "cancel"
  | "media";

/** Requests to the address of an upload that was started, of which no discovery document tells. */
const SESSION: readonly StorageAction[] = ["put", "query", "cancel"];

/** Cloud Storage on loopback, with the operations that an upload needs. */
export class StorageServer implements AsyncDisposable {
  readonly storage = new StorageObjects();
  readonly requests: StorageRequest[] = [];
  /** Accepted tokens. If empty, no token is required, as in an emulator. */
  readonly tokens = new Set<string>();
  fault: ((action: StorageAction, count: number) => StorageFault | undefined) | undefined;
  readonly #server: Server;
  #count = 0;

  private constructor() {
    this.#server = createServer((request, response) => {
      this.#serve(request, response).catch((error) => response.destroy(error));
    });
  }

  static async start(): Promise<StorageServer> {
    const server = new StorageServer();
    await new Promise<void>((resolve) => server.#server.listen(0, "127.0.0.1", resolve));
    return server;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Bytes of accepted chunks. */
  get bytesPut(): number {
    return this.requests
      .filter(({ action, status }) => action === "put" && (status === 308 || status === 200))
      .reduce((sum, { bytes }) => sum + bytes, 0);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? "", this.url);
    const action = actionOf(request, url);
    const fault = this.fault?.(action, this.#count++);
    if (fault && "cut" in fault && fault.after === undefined && !fault.done) return void request.socket.destroy();
    const limit = fault && "cut" in fault && fault.after !== undefined ? fault.after : undefined;
    const body = await bytesOf(request, limit);
    response.on("close", () =>
      this.requests.push({ action, status: response.headersSent ? response.statusCode : 0, bytes: body.bytes.length }),
    );
    const id = url.searchParams.get("upload_id") ?? "";
    if (body.cut) {
      if (action === "put") this.storage.take(id, body.bytes, false);
      return void request.socket.destroy();
    }
    if (fault && "delayMs" in fault) await new Promise((resolve) => setTimeout(resolve, fault.delayMs));
    let answer: StorageAnswer;
    try {
      if (this.tokens.size > 0 && !this.tokens.has(request.headers.authorization?.replace(/^Bearer /, "") ?? ""))
        throw new StorageRefusal(401, "Invalid Credentials");
      if (fault && "status" in fault) throw new StorageRefusal(fault.status, "fault of the test");
      if (fault && "flip" in fault) body.bytes[0] = (body.bytes[0] ?? 0) ^ 1;
      answer = this.#answer(action, request, url, body.bytes);
    } catch (error) {
      if (!(error instanceof StorageRefusal)) throw error;
      const retryAfter = fault && "retryAfter" in fault ? { "retry-after": `${fault.retryAfter}` } : {};
      answer = {
        status: error.status,
        json: { error: { code: error.status, message: error.message, errors: [{ domain: "global", message: error.message }] } },
        headers: retryAfter,
      };
    }
    if (answer.status < 300 && !SESSION.includes(action)) {
      const isJson = /^application\/json\b/.test(request.headers["content-type"] ?? "") && body.bytes.length > 0;
      record({
        cloud: "gcp",
        method: request.method ?? "",
        url: request.url ?? "",
        ...(isJson && { body: JSON.parse(body.bytes.toString()) }),
      });
    }
    if (fault && "cut" in fault) return void request.socket.destroy();
    const text = answer.bytes ?? (answer.json === undefined ? "" : JSON.stringify(answer.json));
    response.writeHead(answer.status, {
      ...(answer.json !== undefined && { "content-type": "application/json" }),
      "content-length": Buffer.byteLength(text),
      ...answer.headers,
    });
    response.end(text);
  }

  #answer(action: StorageAction, request: IncomingMessage, url: URL, body: Buffer): StorageAnswer {
    const [bucket = "", name = "", toBucket = "", toName = ""] = partsOf(url);
    const { searchParams: query } = url;
    switch (action) {
      case "bucket":
        return this.storage.bucket(bucket);
      case "make bucket":
        return this.storage.make(body, query.get("project"));
      case "remove bucket":
        return this.storage.removeBucket(bucket);
      case "list":
        return { status: 200, json: { kind: "storage#objects", items: this.storage.list(bucket).map(describe) } };
      case "object":
        return { status: 200, json: describe(this.storage.object(bucket, name)) };
      case "media":
        return { status: 200, bytes: this.storage.object(bucket, name).bytes };
      case "remove":
        return this.storage.remove(bucket, name, query.get("ifGenerationMatch"));
      case "rewrite":
        return this.storage.rewrite(bucket, name, { bucket: toBucket, name: toName }, query.get("ifSourceGenerationMatch"));
      case "start": {
        const id = this.storage.start(bucket, query.get("name") ?? "", request.headers, body);
        return { status: 200, headers: { location: `${this.url}/upload/storage/v1/b/${bucket}/o?uploadType=resumable&upload_id=${id}` } };
      }
      case "put":
      case "query":
        return this.storage.put(query.get("upload_id") ?? "", request.headers["content-range"], body);
      case "cancel":
        return this.storage.cancel(query.get("upload_id") ?? "");
    }
  }
}

function actionOf({ method, headers }: IncomingMessage, { pathname, searchParams }: URL): StorageAction {
  if (pathname.startsWith("/upload/")) {
    if (method === "PUT") return headers["content-range"]?.startsWith("bytes */") ? "query" : "put";
    return method === "DELETE" ? "cancel" : "start";
  }
  if (!pathname.startsWith("/storage/v1/") || searchParams.get("alt") === "media") return "media";
  if (pathname.includes("/rewriteTo/")) return "rewrite";
  if (/\/b\/?$/.test(pathname)) return "make bucket";
  if (pathname.endsWith("/o")) return "list";
  if (!pathname.includes("/o/")) return method === "DELETE" ? "remove bucket" : "bucket";
  return method === "DELETE" ? "remove" : "object";
}

/** Bucket and object in a path, followed by bucket and object of a copy. */
function partsOf({ pathname }: URL): string[] {
  const [, ...named] =
    /\/b\/([^/]+)(?:\/o(?:\/([^/]+))?)?(?:\/rewriteTo\/b\/([^/]+)\/o\/([^/]+))?$/.exec(pathname) ??
    /^\/([^/]+)\/(.+)$/.exec(pathname) ??
    [];
  return named.map((part) => (part === undefined ? "" : decodeURIComponent(part)));
}

/** Reads a body up to `limit` bytes; `cut` if it is incomplete. */
async function bytesOf(request: IncomingMessage, limit: number | undefined): Promise<{ readonly bytes: Buffer; readonly cut: boolean }> {
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of request as AsyncIterable<Buffer>) {
      chunks.push(chunk);
      size += chunk.length;
      if (limit !== undefined && size >= limit) return { bytes: Buffer.concat(chunks).subarray(0, limit), cut: true };
    }
  } catch {
    return { bytes: Buffer.concat(chunks), cut: true };
  }
  return { bytes: Buffer.concat(chunks), cut: false };
}
