/**
 * Plays Compute Engine, Google's token endpoint and the IAM Service Account Credentials API on one loopback host.
 *
 * Source: the files that it joins: compute-routes.ts, google-accounts.ts.
 * Judged by: test/gcp/google-accounts.judge.test.ts.
 * Assumed: that one host may serve all three; in Google Cloud each has its own.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { Compute } from "./compute.ts";
import { ComputeRoutes } from "./compute-routes.ts";
import { DISKS } from "./disks.ts";
import { GoogleAccounts } from "./google-accounts.ts";
import { groupManagerKind } from "./group-managers.ts";
import { GroupRollout } from "./group-rollout.ts";
import { HEALTH_CHECKS } from "./health-checks.ts";
import { imageKind, type ReadObject } from "./images.ts";
import { INSTANCES } from "./instances.ts";
import { GoogleRefusal } from "./refusal.ts";
import type { ApiVersion, Json } from "./schemas.ts";
import { templateKind } from "./templates.ts";
import { record } from "../models/recorded.ts";

/** A fault that the server injects into one request. */
export type GoogleFault =
  | { readonly status: number; readonly reason: string }
  /** The connection ends before an answer; with `done`, the request takes effect first. */
  | { readonly cut: true; readonly done?: boolean }
  | { readonly delayMs: number };

export interface GoogleRequest {
  /** `POST projects/p/global/images`, `POST token` */
  readonly what: string;
  readonly status: number;
}

export interface GoogleServerOptions {
  /** Reads the archive of an image. */
  readonly readObject: ReadObject;
  readonly fault?: (what: string, count: number) => GoogleFault | undefined;
}

/** Google Cloud on loopback, as strict as its references. It has two projects; `builder@…` has access to the first. */
export class GoogleServer implements AsyncDisposable {
  readonly project = "web-prod-1";
  readonly projectNumber = "123456789012";
  readonly otherProject = "someone-elses";
  readonly email = "builder@web-prod-1.iam.gserviceaccount.com";
  readonly accounts = new GoogleAccounts();
  readonly rollout = new GroupRollout();
  readonly compute: Compute;
  readonly requests: GoogleRequest[] = [];
  fault: GoogleServerOptions["fault"];
  readonly #routes: ComputeRoutes;
  readonly #server: Server;
  #count = 0;

  private constructor({ readObject, fault }: GoogleServerOptions) {
    this.fault = fault;
    this.compute = new Compute(
      [this.project, this.otherProject],
      [imageKind(readObject), DISKS, INSTANCES, templateKind(this.rollout), HEALTH_CHECKS, groupManagerKind(this.rollout)],
    );
    this.#routes = new ComputeRoutes(this.compute, this.rollout);
    this.accounts.grant(this.project, this.email);
    this.#server = createServer((request, response) => {
      this.serve(request, response).catch((error) => response.destroy(error));
    });
  }

  static async start(options: GoogleServerOptions): Promise<GoogleServer> {
    const server = new GoogleServer(options);
    await new Promise<void>((resolve) => server.#server.listen(0, "127.0.0.1", resolve));
    return server;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await bytesOf(request);
    if (body === undefined) return;
    const url = new URL(request.url ?? "", "http://google");
    const [, version, path] = /^\/compute\/(v1|beta)\/(projects\/.+)$/.exec(url.pathname) ?? [];
    const what = `${request.method} ${decodeURIComponent(path ?? url.pathname.slice(1))}`;
    response.on("close", () => this.requests.push({ what, status: response.headersSent ? response.statusCode : 0 }));
    const fault = this.fault?.(what, this.#count++);
    if (fault && "delayMs" in fault) await new Promise((resolve) => setTimeout(resolve, fault.delayMs));
    if (fault && "cut" in fault && !fault.done) return void request.socket.destroy();
    try {
      if (fault && "status" in fault) throw new GoogleRefusal(fault.status, fault.reason, "fault of the test");
      const answer =
        path === undefined
          ? this.#account(what, request, body)
          : { status: 200, body: await this.#compute(request, version as ApiVersion, path, url.searchParams, body) };
      record({
        cloud: "gcp",
        method: request.method ?? "",
        url: request.url ?? "",
        ...(what !== "POST token" && { body: parse(request, body) }),
      });
      if (fault && "cut" in fault) return void request.socket.destroy();
      send(response, answer.status, JSON.stringify(answer.body));
    } catch (error) {
      if (!(error instanceof GoogleRefusal)) throw error;
      send(response, error.status, error.body);
    }
  }

  async #compute(request: IncomingMessage, version: ApiVersion, path: string, query: URLSearchParams, bytes: Buffer): Promise<Json> {
    const method = request.method ?? "GET";
    const email = this.accounts.authenticate(request.headers.authorization, [
      "https://www.googleapis.com/auth/compute",
      ...(method === "GET" ? ["https://www.googleapis.com/auth/compute.readonly"] : []),
    ]);
    const project = path.split("/")[1] as string;
    if (!this.compute.projects.has(project)) throw new GoogleRefusal(404, "notFound", `The resource 'projects/${project}' was not found`);
    if (!this.accounts.grants.get(project)?.has(email))
      throw new GoogleRefusal(403, "forbidden", `Required 'compute.*' permission for '${path}'`);
    return this.#routes.answer({ method, path, query, version, body: parse(request, bytes) });
  }

  #account(what: string, request: IncomingMessage, bytes: Buffer): { readonly status: number; readonly body: Json } {
    if (what === "POST token") return this.accounts.token(new URLSearchParams(bytes.toString()));
    const [, email] = /^POST v1\/projects\/-\/serviceAccounts\/([^/:]+):generateAccessToken$/.exec(what) ?? [];
    if (email === undefined) throw new GoogleRefusal(404, "notFound", `The requested URL was not found: ${what}`);
    const caller = this.accounts.authenticate(request.headers.authorization, ["https://www.googleapis.com/auth/iam"]);
    return { status: 200, body: this.accounts.generateAccessToken(caller, email, parse(request, bytes)) };
  }
}

function parse(request: IncomingMessage, bytes: Buffer): Json {
  if (bytes.length === 0) return {};
  if (!/^application\/json\b/.test(request.headers["content-type"] ?? ""))
    throw new GoogleRefusal(400, "badContent", `Unsupported content with type: ${request.headers["content-type"]}`);
  try {
    return JSON.parse(bytes.toString());
  } catch {
    throw new GoogleRefusal(400, "parseError", "Invalid JSON payload received.");
  }
}

/** The body; undefined if the client closed the connection. */
async function bytesOf(request: IncomingMessage): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of request) chunks.push(chunk);
  } catch {
    return undefined;
  }
  return Buffer.concat(chunks);
}

function send(response: ServerResponse, status: number, body: string): void {
  response.writeHead(status, { "content-type": "application/json; charset=UTF-8" });
  response.end(body);
}
