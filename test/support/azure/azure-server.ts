/**
 * Plays Azure's endpoints on one loopback host: Microsoft Entra ID, Azure Resource Manager and managed disks' page blobs.
 *
 * Source: the files that it joins: entra.ts, arm-requests.ts, blob-requests.ts.
 * Judged by: test/azure/microsoft-clients.judge.test.ts.
 * Assumed: that one host may serve all endpoints, where Azure has several; the form of `/metadata/endpoints`.
 */
import { randomUUID } from "node:crypto";
import { type IncomingMessage, createServer, type Server, type ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo } from "node:net";
import { PulumiArguments } from "../pulumi-arguments.ts";
import type { AzureAccount } from "./account.ts";
import { Arm } from "./arm.ts";
import { armAction, armRefusal, armRequest, type Polling } from "./arm-requests.ts";
import { blobAction, blobRefusal, blobRequest, type HttpAnswer } from "./blob-requests.ts";
import type { Certificate } from "./certificate.ts";
import { record } from "../models/recorded.ts";
import { ManagedDisks } from "./disks.ts";
import { Entra } from "./entra.ts";
import { galleryKinds } from "./galleries.ts";
import { identityKind } from "./identities.ts";
import { imageKind } from "./images.ts";
import { VirtualMachines } from "./machines.ts";
import { networkKinds } from "./network.ts";
import { AzureRefusal } from "./refusal.ts";
import { ScaleSets } from "./scale-sets.ts";
import { StorageAccounts } from "./storage-accounts.ts";

/** A fault that the server injects into one request. */
export type AzureFault =
  | { readonly status: number; readonly code: string; readonly retryAfterSeconds?: number }
  /** The connection ends before an answer; with `done`, the request takes effect first. */
  | { readonly cut: true; readonly done?: boolean }
  | { readonly delayMs: number };

export interface AzureRequest {
  /** `PUT disks`, `POST disks/beginGetAccess`, `GET operations`, `Put Page`, `token`… */
  readonly action: string;
  readonly status: number;
}

export interface AzureServerOptions {
  readonly tenant?: string;
  readonly subscription?: string;
  /** Serves HTTPS, which Microsoft's own clients require. @default HTTP */
  readonly certificate?: Certificate;
  /** Value of `Retry-After` in seconds. @default 0 */
  readonly retryAfterSeconds?: number;
  readonly fault?: (action: string, count: number) => AzureFault | undefined;
  /** What the subscription has and may do. Without one, only what an update needs is there. */
  readonly account?: AzureAccount;
}

/** The application of {@link AzureServer.environment}. */
const APPLICATION = { clientId: "aaaaaaaa-bbbb-cccc-dddd-000000000000", secret: "a secret of the test" };

/** MSAL sends a trailing slash. */
const MANAGED_TOKEN = /^\/metadata\/identity\/oauth2\/token\/?$/;

/** Supported versions of `/metadata/endpoints`. */
const METADATA_VERSIONS = ["2019-05-01", "2022-09-01"];

/** Azure on loopback, as strict as its references. */
export class AzureServer implements AsyncDisposable {
  readonly entra: Entra;
  readonly arm: Arm;
  readonly disks: ManagedDisks;
  readonly machines: VirtualMachines;
  readonly scaleSets: ScaleSets;
  readonly storage = new StorageAccounts();
  readonly requests: AzureRequest[] = [];
  fault: AzureServerOptions["fault"];
  readonly #polling: Polling;
  readonly #certificate: Certificate | undefined;
  readonly #account: AzureAccount | undefined;
  readonly #server: Server;
  #count = 0;

  private constructor({
    tenant = "11111111-2222-3333-4444-555555555555",
    subscription = "99999999-8888-7777-6666-555555555555",
    certificate,
    retryAfterSeconds = 0,
    fault,
    account,
  }: AzureServerOptions) {
    this.#account = account;
    this.#certificate = certificate;
    this.#polling = { retryAfterSeconds, asked: new Map() };
    this.fault = fault;
    this.entra = new Entra(tenant);
    this.entra.identities.push(APPLICATION);
    this.disks = new ManagedDisks(() => this.url);
    const arm = () => this.arm;
    this.machines = new VirtualMachines(arm, this.disks);
    this.scaleSets = new ScaleSets(arm);
    const kinds = [
      this.disks.kind,
      imageKind(arm, this.disks),
      ...galleryKinds(arm, this.disks, this.storage),
      this.storage.kind,
      ...networkKinds(arm),
      identityKind(arm),
      this.machines.kind,
      this.scaleSets.kind,
    ];
    this.arm = new Arm({ subscription, tenant, kinds, args: new PulumiArguments("@pulumi/azure-native") });
    const serve = (request: IncomingMessage, response: ServerResponse): void => {
      this.#serve(request, response).catch((error) => response.destroy(error));
    };
    this.#server = certificate ? createTlsServer({ cert: certificate.cert, key: certificate.key }, serve) : createServer(serve);
  }

  static async start(options: AzureServerOptions = {}): Promise<AzureServer> {
    const server = new AzureServer(options);
    await new Promise<void>((resolve) => server.#server.listen(0, "127.0.0.1", resolve));
    return server;
  }

  get url(): string {
    return `${this.#certificate ? "https" : "http"}://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Environment variables that make Pulumi's Azure provider, and clients with the same variables, talk to this server only. */
  get environment(): Record<string, string> {
    return {
      ARM_METADATA_HOSTNAME: new URL(this.url).host,
      ARM_TENANT_ID: this.entra.tenant,
      ARM_SUBSCRIPTION_ID: this.arm.subscription,
      ARM_CLIENT_ID: APPLICATION.clientId,
      ARM_CLIENT_SECRET: APPLICATION.secret,
      ...(this.#certificate && { NODE_EXTRA_CA_CERTS: this.#certificate.path }),
    };
  }

  /** Page ranges that were accepted; one that is sent twice counts twice. */
  get pagesPut(): number {
    return this.requests.filter(({ action, status }) => action === "Put Page" && status === 201).length;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
    await this.disks[Symbol.asyncDispose]();
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await bytesOf(request);
    if (body === undefined) return;
    const { method = "", headers } = request;
    const url = new URL(request.url ?? "", this.url);
    const isBlob = /^\/md-/.test(url.pathname);
    const isArm = /^\/subscriptions\b/i.test(url.pathname);
    const action = isBlob
      ? blobAction(method, url.searchParams, headers)
      : isArm
        ? armAction(this.arm, method, url.pathname)
        : tokenAction(url.pathname);
    response.on("close", () => this.requests.push({ action, status: response.headersSent ? response.statusCode : 0 }));
    const fault = this.fault?.(action, this.#count++);
    if (fault && "delayMs" in fault) await new Promise((resolve) => setTimeout(resolve, fault.delayMs));
    if (fault && "cut" in fault && !fault.done) return void request.socket.destroy();
    const send = ({ status, headers = {}, body }: HttpAnswer): void => {
      response.writeHead(status, { ...headers, "x-ms-request-id": randomUUID() });
      response.end(body);
    };
    try {
      if (fault && "status" in fault)
        throw new AzureRefusal(
          fault.status,
          fault.code,
          "fault of the test",
          fault.retryAfterSeconds === undefined ? {} : { "retry-after": String(fault.retryAfterSeconds) },
        );
      const answer = isBlob
        ? await blobRequest(this.disks, action, url.pathname, url.searchParams, headers, body)
        : isArm
          ? this.#arm(request, url, body)
          : this.#identity(request, url, body);
      if (isArm)
        record({
          cloud: "azure",
          method,
          url: request.url ?? "",
          ...(body.length > 0 && { body: JSON.parse(body.toString()) as unknown }),
        });
      if (fault && "cut" in fault) return void request.socket.destroy();
      send(answer);
    } catch (error) {
      if (!(error instanceof AzureRefusal)) throw error;
      send(
        isBlob
          ? blobRefusal(error)
          : isArm
            ? armRefusal(error)
            : {
                status: error.status,
                headers: { ...error.headers, "content-type": "application/json" },
                body: JSON.stringify({ error: error.code, error_description: error.message }),
              },
      );
    }
  }

  #arm(request: IncomingMessage, url: URL, body: Buffer): HttpAnswer {
    this.entra.check(request.headers.authorization, this.url);
    const found = this.#account?.answer(request.method ?? "", decodeURIComponent(url.pathname));
    if (found) return { status: 200, headers: { "content-type": "application/json" }, body: JSON.stringify(found) };
    return armRequest(this.arm, this.#polling, this.url, request, url, body);
  }

  /** Token endpoints, and the documents that lead clients to them. */
  #identity({ method, headers }: IncomingMessage, { pathname, searchParams }: URL, body: Buffer): HttpAnswer {
    const json = (value: unknown): HttpAnswer => ({
      status: 200,
      headers: { "content-type": "application/json" },
      body: JSON.stringify(value),
    });
    const [, tenant = "", ...rest] = pathname.split("/");
    if (method === "POST" && rest.join("/") === "oauth2/v2.0/token")
      return json(this.entra.token(tenant, new URLSearchParams(body.toString()), `${this.url}${pathname}`));
    if (method !== "GET") throw new AzureRefusal(404, "not_found", `no endpoint at ${pathname}`);
    if (MANAGED_TOKEN.test(pathname)) return json(this.entra.managedToken(searchParams, headers));
    if (rest.join("/") === "v2.0/.well-known/openid-configuration")
      return json({
        issuer: `${this.url}/${tenant}/v2.0`,
        token_endpoint: `${this.url}/${tenant}/oauth2/v2.0/token`,
        authorization_endpoint: `${this.url}/${tenant}/oauth2/v2.0/authorize`,
        jwks_uri: `${this.url}/${tenant}/discovery/v2.0/keys`,
      });
    if (pathname === "/metadata/endpoints" && METADATA_VERSIONS.includes(searchParams.get("api-version") ?? ""))
      return json([
        {
          name: "AzureCloud",
          resourceManager: this.url,
          authentication: {
            loginEndpoint: this.url,
            audiences: ["https://management.core.windows.net/", "https://management.azure.com/"],
            tenant: "common",
            identityProvider: "AAD",
          },
          suffixes: { storage: "core.windows.net", acrLoginServer: "azurecr.io", keyVaultDns: "vault.azure.net" },
        },
      ]);
    throw new AzureRefusal(404, "not_found", `no endpoint at ${pathname}`);
  }
}

function tokenAction(path: string): string {
  if (MANAGED_TOKEN.test(path)) return "managed token";
  return path.endsWith("/oauth2/v2.0/token") ? "token" : "unknown";
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
