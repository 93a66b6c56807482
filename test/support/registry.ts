/**
 * Plays an OCI registry: manifests, blobs, uploads, tags, referrers and logins, with faults on purpose.
 *
 * Source: OCI Distribution Specification 1.1; CNCF Distribution, "Token Authentication Specification".
 * Judged by: test/conformance/docker-registry.judge.test.ts and test/oci/skopeo.judge.test.ts.
 */
import { randomUUID } from "node:crypto";
import { type IncomingMessage, type Server, type ServerResponse, createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { digestOf } from "../../sdk/core/digest.ts";

/** A deliberate fault of the registry, chosen for each request after its login was checked. */
export type Fault =
  | { readonly status: number; readonly headers?: Readonly<Record<string, string>>; readonly body?: string | Buffer }
  /** The connection ends after this many bytes of the body. */
  | { readonly cutAfter: number }
  /** The answer's body is this instead. */
  | { readonly body: Buffer }
  /** The blob is at another URL. */
  | { readonly redirect: string }
  /** The request is carried out, and the connection ends before the answer. */
  | { readonly loseAnswer: true }
  /** No answer at all. */
  | { readonly silent: true };

export interface RegistryOptions {
  /** `token`: bearer tokens with scopes, from this server's own /token. @default none */
  readonly login?: {
    readonly kind: "basic" | "token";
    readonly username: string;
    readonly password: string;
    readonly anonymousPull?: boolean;
  };
  readonly fault?: (request: IncomingMessage, count: number) => Fault | undefined;
  /** Whether the registry has the referrers API. @default false */
  readonly referrers?: boolean;
  /** Whether ranges of blobs are served. @default true */
  readonly ranges?: boolean;
  /** The lifetime of tokens, in seconds. @default 300 */
  readonly tokenSeconds?: number;
}

export interface Request {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage["headers"];
  readonly status: number;
}

/**
 * A registry on loopback that checks everything: digests, upload offsets, media types, the blobs of a manifest and the
 * scopes of tokens. It records every request.
 */
export class TestRegistry implements AsyncDisposable {
  readonly blobs = new Map<string, Map<string, Buffer>>();
  readonly manifests = new Map<string, Map<string, { readonly mediaType: string; readonly bytes: Buffer }>>();
  readonly requests: Request[] = [];
  readonly #options: RegistryOptions;
  readonly #server: Server;
  readonly #uploads = new Map<string, { repository: string; parts: Buffer[]; size: number }>();
  readonly #tokens = new Map<string, { readonly scopes: readonly string[]; readonly expires: number }>();
  #count = 0;

  private constructor(options: RegistryOptions) {
    this.#options = options;
    this.#server = createServer((request, response) => {
      response.on("close", () =>
        this.requests.push({
          method: request.method ?? "",
          path: request.url ?? "",
          headers: request.headers,
          status: response.statusCode,
        }),
      );
      this.#answer(request, response).catch((error) => {
        if (!response.headersSent) refuse(response, 500, "UNKNOWN", String(error));
        else response.destroy();
      });
    });
  }

  static async start(options: RegistryOptions = {}): Promise<TestRegistry> {
    const registry = new TestRegistry(options);
    await new Promise<void>((resolve) => registry.#server.listen(0, "127.0.0.1", resolve));
    return registry;
  }

  /** `127.0.0.1:PORT` */
  get host(): string {
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  get url(): string {
    return `http://${this.host}`;
  }

  addBlob(repository: string, bytes: Buffer): { digest: `sha256:${string}`; size: number } {
    const digest = digestOf(bytes);
    inner(this.blobs, repository).set(digest, bytes);
    return { digest, size: bytes.length };
  }

  addManifest(
    repository: string,
    manifest: object & { readonly mediaType?: string },
    ...tags: string[]
  ): { mediaType: string; digest: `sha256:${string}`; size: number } {
    const bytes = Buffer.from(JSON.stringify(manifest));
    const digest = digestOf(bytes);
    const mediaType = manifest.mediaType ?? "application/vnd.oci.image.manifest.v1+json";
    for (const name of [digest, ...tags]) inner(this.manifests, repository).set(name, { mediaType, bytes });
    return { mediaType, digest, size: bytes.length };
  }

  /** Revokes the tokens given so far. */
  revokeTokens(): void {
    this.#tokens.clear();
  }

  /** The requests whose line matches. */
  seen(line: RegExp): Request[] {
    return this.requests.filter(({ method, path }) => line.test(`${method} ${path}`));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? "", this.url);
    if (url.pathname === "/token") return this.#giveToken(request, url, response);
    const [, repository = "", kind, rest = ""] = /^\/v2\/(.+?)\/(blobs\/uploads|blobs|manifests|referrers)\/(.*)$/.exec(url.pathname) ?? [];
    const writes = !["GET", "HEAD"].includes(request.method ?? "");
    if (!this.#isAllowed(request, repository, writes || kind === "blobs/uploads", url.searchParams.get("from")))
      return this.#challenge(response, repository, writes);
    const fault = this.#options.fault?.(request, this.#count++);
    if (fault && "silent" in fault) return;
    if (fault && "status" in fault) {
      request.resume();
      response.writeHead(fault.status, fault.headers).end(fault.body);
      return;
    }
    if (fault && "redirect" in fault) {
      response.writeHead(307, { location: fault.redirect }).end();
      return;
    }
    const send = (status: number, headers: Record<string, string>, body: Buffer) =>
      deliver(request, response, status, headers, body, fault);
    switch (kind) {
      case "blobs":
        return this.#blob(request, response, repository, rest, send);
      case "manifests":
        return this.#manifest(request, response, repository, rest, send);
      case "blobs/uploads":
        return this.#upload(request, response, repository, rest, url, fault);
      case "referrers":
        if (this.#options.referrers)
          return send(
            200,
            { "content-type": INDEX },
            Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: INDEX, manifests: this.#referrersOf(repository, rest) })),
          );
    }
    refuse(response, 404, "NOT_FOUND", "no such page");
  }

  #blob(request: IncomingMessage, response: ServerResponse, repository: string, digest: string, send: Send): void {
    const bytes = this.blobs.get(repository)?.get(digest);
    if (!bytes) return refuse(response, 404, "BLOB_UNKNOWN", "blob unknown to registry");
    const headers = { "content-type": "application/octet-stream", "docker-content-digest": digest };
    const [, from] = (this.#options.ranges !== false && /^bytes=(\d+)-$/.exec(request.headers.range ?? "")) || [];
    if (from === undefined) return send(200, headers, bytes);
    if (Number(from) >= bytes.length) return refuse(response, 416, "RANGE_INVALID", "range beyond the blob");
    send(206, { ...headers, "content-range": `bytes ${from}-${bytes.length - 1}/${bytes.length}` }, bytes.subarray(Number(from)));
  }

  async #manifest(request: IncomingMessage, response: ServerResponse, repository: string, name: string, send: Send): Promise<void> {
    const held = inner(this.manifests, repository);
    if (request.method === "PUT") {
      const bytes = await bodyOf(request);
      const digest = digestOf(bytes);
      const mediaType = request.headers["content-type"] ?? "";
      const manifest = JSON.parse(bytes.toString());
      if (name.startsWith("sha256:") && name !== digest) return refuse(response, 400, "DIGEST_INVALID", "digest does not match");
      if (manifest.mediaType && manifest.mediaType !== mediaType)
        return refuse(response, 400, "MANIFEST_INVALID", "media type does not match");
      for (const { digest: child } of manifest.manifests ?? [])
        if (!held.has(child)) return refuse(response, 404, "MANIFEST_UNKNOWN", child);
      for (const { digest: blob } of [manifest.config, ...(manifest.layers ?? [])].filter(Boolean)) {
        if (!this.blobs.get(repository)?.has(blob)) return refuse(response, 404, "MANIFEST_BLOB_UNKNOWN", blob);
      }
      for (const key of [name, digest]) held.set(key, { mediaType, bytes });
      response
        .writeHead(201, {
          "docker-content-digest": digest,
          ...(this.#options.referrers && manifest.subject && { "oci-subject": manifest.subject.digest }),
        })
        .end();
      return;
    }
    const found = held.get(name);
    if (!found) return refuse(response, 404, "MANIFEST_UNKNOWN", `manifest unknown: ${name}`);
    if (!(request.headers.accept ?? "").includes(found.mediaType))
      return refuse(response, 404, "MANIFEST_UNKNOWN", "accept header does not support it");
    send(200, { "content-type": found.mediaType, "docker-content-digest": digestOf(found.bytes) }, found.bytes);
  }

  async #upload(
    request: IncomingMessage,
    response: ServerResponse,
    repository: string,
    id: string,
    url: URL,
    fault: Fault | undefined,
  ): Promise<void> {
    if (request.method === "POST") {
      const mount = url.searchParams.get("mount");
      const bytes = mount ? this.blobs.get(url.searchParams.get("from") ?? "")?.get(mount) : undefined;
      if (bytes) {
        const { digest } = this.addBlob(repository, bytes);
        response.writeHead(201, { location: `/v2/${repository}/blobs/${digest}` }).end();
        return;
      }
      const session = randomUUID();
      this.#uploads.set(session, { repository, parts: [], size: 0 });
      response.writeHead(202, { location: `/v2/${repository}/blobs/uploads/${session}?state=0` }).end();
      return;
    }
    const session = this.#uploads.get(id);
    if (!session || session.repository !== repository) return refuse(response, 404, "BLOB_UPLOAD_UNKNOWN", "no such session");
    const where = () => ({
      location: `/v2/${repository}/blobs/uploads/${id}?state=${session.size}`,
      ...(session.size > 0 && { range: `0-${session.size - 1}` }),
    });
    if (request.method === "GET") {
      response.writeHead(204, where()).end();
      return;
    }
    if (url.searchParams.get("state") !== String(session.size)) return refuse(response, 416, "BLOB_UPLOAD_INVALID", "an old location");
    const body = fault && "cutAfter" in fault ? (await bodyOf(request)).subarray(0, fault.cutAfter) : await bodyOf(request);
    if (request.method === "PATCH") {
      const [, from, to] = /^(\d+)-(\d+)$/.exec(request.headers["content-range"] ?? "") ?? [];
      if (Number(from) !== session.size) return refuse(response, 416, "BLOB_UPLOAD_INVALID", `out of order: at ${session.size}`);
      if (!fault && Number(to) - Number(from) + 1 !== body.length) return refuse(response, 400, "SIZE_INVALID", "range and length differ");
    }
    session.parts.push(body);
    session.size += body.length;
    if (fault && "cutAfter" in fault) {
      request.socket.destroy();
      return;
    }
    if (request.method === "PATCH") {
      response.writeHead(202, where()).end();
      return;
    }
    const bytes = Buffer.concat(session.parts);
    this.#uploads.delete(id);
    if (digestOf(bytes) !== url.searchParams.get("digest")) return refuse(response, 400, "DIGEST_INVALID", "digest does not match");
    const { digest } = this.addBlob(repository, bytes);
    if (fault && "loseAnswer" in fault) request.socket.destroy();
    else response.writeHead(201, { location: `/v2/${repository}/blobs/${digest}`, "docker-content-digest": digest }).end();
  }

  #referrersOf(repository: string, subject: string): object[] {
    return [...inner(this.manifests, repository)].flatMap(([name, { mediaType, bytes }]) => {
      const manifest = JSON.parse(bytes.toString());
      if (!name.startsWith("sha256:") || manifest.subject?.digest !== subject) return [];
      return [
        {
          mediaType,
          digest: name,
          size: bytes.length,
          artifactType: manifest.artifactType ?? manifest.config?.mediaType,
          ...(manifest.annotations && { annotations: manifest.annotations }),
        },
      ];
    });
  }

  #isAllowed({ headers: { authorization = "" } }: IncomingMessage, repository: string, push: boolean, mountFrom: string | null): boolean {
    const { login } = this.#options;
    if (!login) return true;
    if (login.kind === "basic") return authorization === basic(login);
    const token = this.#tokens.get(authorization.replace(/^Bearer /, ""));
    if (!token || token.expires <= Date.now()) return false;
    const has = (name: string, action: string) =>
      token.scopes.some(
        (scope) =>
          scope.startsWith(`repository:${name}:`) &&
          scope
            .slice(scope.lastIndexOf(":") + 1)
            .split(",")
            .includes(action),
      );
    return has(repository, push ? "push" : "pull") && (mountFrom === null || has(mountFrom, "pull"));
  }

  #challenge(response: ServerResponse, repository: string, writes: boolean): void {
    const bearer = `Bearer realm="${this.url}/token",service="test",scope="repository:${repository}:${writes ? "pull,push" : "pull"}"`;
    response.setHeader("www-authenticate", this.#options.login?.kind === "basic" ? 'Basic realm="test"' : bearer);
    refuse(response, 401, "UNAUTHORIZED", "authentication required");
  }

  async #giveToken(request: IncomingMessage, url: URL, response: ServerResponse): Promise<void> {
    const { login, tokenSeconds = 300 } = this.#options;
    const form = new URLSearchParams(request.method === "POST" ? (await bodyOf(request)).toString() : url.search);
    const known = form.has("refresh_token")
      ? form.get("refresh_token") === login?.password
      : login !== undefined && request.headers.authorization === basic(login);
    if (!known && (request.headers.authorization || form.has("refresh_token")))
      return refuse(response, 401, "UNAUTHORIZED", "wrong password");
    if (form.get("service") !== "test") return refuse(response, 400, "UNKNOWN", "wrong service");
    const scopes = form.getAll("scope").flatMap((scope) => scope.split(" "));
    const granted = known ? scopes : login?.anonymousPull ? scopes.map((scope) => scope.replace(/pull,push$/, "pull")) : [];
    const token = randomUUID();
    this.#tokens.set(token, { scopes: granted, expires: Date.now() + tokenSeconds * 1000 });
    response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify({ token, expires_in: tokenSeconds }));
  }
}

const INDEX = "application/vnd.oci.image.index.v1+json";

type Send = (status: number, headers: Record<string, string>, body: Buffer) => void;

function deliver(
  request: IncomingMessage,
  response: ServerResponse,
  status: number,
  headers: Record<string, string>,
  body: Buffer,
  fault: Fault | undefined,
): void {
  if (fault && "body" in fault) body = fault.body as Buffer;
  response.writeHead(status, { ...headers, "content-length": String(body.length) });
  if (request.method === "HEAD") response.end();
  else if (fault && "cutAfter" in fault) response.write(body.subarray(0, fault.cutAfter), () => setImmediate(() => response.destroy()));
  else response.end(body);
}

function refuse(response: ServerResponse, status: number, code: string, message: string): void {
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify({ errors: [{ code, message }] }));
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

function basic({ username, password }: { readonly username: string; readonly password: string }): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`;
}

function inner<V>(map: Map<string, Map<string, V>>, key: string): Map<string, V> {
  const found = map.get(key) ?? new Map<string, V>();
  map.set(key, found);
  return found;
}
