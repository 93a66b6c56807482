/**
 * Plays a Debian mirror: signed indexes and packages, with faults on purpose.
 *
 * Source: Debian wiki, "DebianRepository/Format"; Debian Policy Manual, "Control files and their fields".
 * Judged by: test/debian/debian.mirror.test.ts reads Debian's own mirror by the same code.
 */
import { createHash } from "node:crypto";
import { mkdir, mkdtemp, readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { enums, generateKey, readPrivateKey, sign, createCleartextMessage, type PrivateKey } from "openpgp";
import { runTool } from "./run-tool.ts";

/** A package for the mirror. */
export interface FakePackage {
  readonly name: string;
  /** @default "1.0-1" */
  readonly version?: string;
  /** @default "amd64" */
  readonly architecture?: string;
  /** Other control fields: `Depends`, `Provides`, `Source`. */
  readonly fields?: Readonly<Record<string, string>>;
  /** Files by path; a value `-> target` makes a symlink, `/` a directory, a Buffer a file of these bytes. */
  readonly files?: Readonly<Record<string, string | Buffer>>;
  /** Files of the control archive, such as postinst. */
  readonly control?: Readonly<Record<string, string>>;
  /** @default "bookworm" */
  readonly suite?: Suite;
  /** Compression of the package's archives. @default "xz" */
  readonly compression?: "xz" | "gzip" | "zstd" | "none";
}

export type Suite = "bookworm" | "bookworm-updates" | "bookworm-security";

/** How a suite is published. */
export interface PublishOptions {
  readonly validUntil?: string;
  /** When the archive wrote the Release. @default after the oldest one that is accepted */
  readonly date?: string;
  readonly key?: PrivateKey;
  readonly codename?: string;
  /** Changes the signed text after signing. */
  readonly alter?: (inRelease: string) => string;
  readonly architectures?: string;
}

/** Answers a request instead of the file, and then returns true. */
export type Fault = (request: IncomingMessage, response: ServerResponse, body: Buffer) => boolean;

/** A small Debian archive: `/debian` and `/debian-security` on loopback, its packages made by dpkg-deb. */
export class DebianMirror {
  readonly url: string;
  readonly key: PrivateKey;
  readonly fingerprint: string;
  /** Requested paths, in order. */
  readonly requests: string[] = [];
  readonly faults = new Map<string, Fault>();
  /** `USER:PASSWORD` that every request must have. @default none is needed */
  login: string | undefined;
  readonly #root: string;
  readonly #server: ReturnType<typeof createServer>;
  readonly #paragraphs = new Map<Suite, string[]>();

  private constructor(root: string, server: ReturnType<typeof createServer>, key: PrivateKey) {
    this.#root = root;
    this.#server = server;
    this.key = key;
    this.fingerprint = key.getFingerprint().toUpperCase();
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  static async start(packages: readonly FakePackage[] = []): Promise<DebianMirror> {
    const root = await mkdtemp(join(tmpdir(), "debian-mirror-"));
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const mirror = new DebianMirror(root, server, await newKey());
    server.on("request", (request, response) => void mirror.#answer(request, response));
    for (const fake of packages) await mirror.add(fake);
    await mirror.publish();
    return mirror;
  }

  /** Builds a package into the pool. It is listed once its suite is published again. */
  async add(fake: FakePackage): Promise<{ path: string; filename: string }> {
    const {
      name,
      version = "1.0-1",
      architecture = "amd64",
      fields = {},
      files = {},
      control = {},
      suite = "bookworm",
      compression = "xz",
    } = fake;
    const tree = join(this.#root, "build", `${name}_${version.replace(":", "%3a")}_${architecture}`);
    await mkdir(join(tree, "DEBIAN"), { recursive: true });
    const header = {
      Package: name,
      Version: version,
      Architecture: architecture,
      Maintainer: "Nobody <nobody@example.test>",
      Description: name,
      ...fields,
    };
    const text = Object.entries(header)
      .map(([key, value]) => `${key}: ${value}\n`)
      .join("");
    await writeFile(join(tree, "DEBIAN/control"), text);
    for (const [path, content] of Object.entries(control)) await writeFile(join(tree, "DEBIAN", path), content, { mode: 0o755 });
    for (const [path, content] of Object.entries(files)) await place(join(tree, path), content);
    const filename = `pool/main/${name[0]}/${name}/${name}_${version.replace(/^\d+:/, "")}_${architecture}.deb`;
    const path = this.#path(archiveOf(suite), filename);
    await mkdir(dirname(path), { recursive: true });
    await run("dpkg-deb", "--root-owner-group", `-Z${compression}`, "-z1", "-b", tree, path);
    await rm(tree, { recursive: true });
    const bytes = await readFile(path);
    const paragraph = `${text}Filename: ${filename}\nSize: ${bytes.length}\nSHA256: ${sha256(bytes)}\n`;
    this.#paragraphs.set(suite, [...(this.#paragraphs.get(suite) ?? []), paragraph]);
    return { path, filename };
  }

  /** Writes and signs the index of one suite, or of all. */
  async publish(only?: Suite, options: PublishOptions = {}): Promise<void> {
    for (const suite of ["bookworm", "bookworm-updates", "bookworm-security"] as const) {
      if (only !== undefined && suite !== only) continue;
      const base = this.#path(archiveOf(suite), `dists/${suite}`);
      const index = join(base, "main/binary-amd64/Packages");
      await mkdir(dirname(index), { recursive: true });
      await writeFile(index, (this.#paragraphs.get(suite) ?? []).join("\n"));
      await run("xz", "-kf", "--check=crc32", index);
      const bytes = await readFile(`${index}.xz`);
      const fields = [
        `Codename: ${options.codename ?? suite}`,
        `Architectures: ${options.architectures ?? "amd64"}`,
        `Date: ${options.date ?? "Sun, 12 Jul 2026 00:00:00 UTC"}`,
        ...(options.validUntil ? [`Valid-Until: ${options.validUntil}`] : []),
        `SHA256:\n ${sha256(bytes)} ${bytes.length} main/binary-amd64/Packages.xz`,
      ];
      const message = await createCleartextMessage({ text: `${fields.join("\n")}\n` });
      const signed = await sign({ message, signingKeys: options.key ?? this.key, date: new Date("2025-01-02") });
      await writeFile(join(base, "InRelease"), options.alter?.(signed) ?? signed);
    }
  }

  /** The path of a file of the mirror on disk. */
  file(path: string): string {
    return join(this.#root, path);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
    await rm(this.#root, { recursive: true, force: true });
  }

  #path(archive: string, path: string): string {
    return join(this.#root, archive, path);
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = decodeURIComponent(request.url ?? "/").slice(1);
    this.requests.push(path);
    if (this.login !== undefined && request.headers.authorization !== `Basic ${Buffer.from(this.login).toString("base64")}`) {
      response.writeHead(401, { "www-authenticate": 'Basic realm="mirror"' }).end();
      return;
    }
    const file = join(this.#root, path);
    const body = (await stat(file).catch(() => undefined))?.isFile() ? await readFile(file) : undefined;
    const fault = [...this.faults].find(([ending]) => path.endsWith(ending))?.[1];
    if (fault?.(request, response, body ?? Buffer.alloc(0))) return;
    if (!body) {
      response.writeHead(404).end();
      return;
    }
    const from = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? "")?.[1] ?? 0);
    if (from > 0 && from >= body.length) {
      response.writeHead(416, { "content-range": `bytes */${body.length}` }).end();
      return;
    }
    const headers = {
      "content-length": body.length - from,
      ...(from > 0 && { "content-range": `bytes ${from}-${body.length - 1}/${body.length}` }),
    };
    response.writeHead(from > 0 ? 206 : 200, headers).end(body.subarray(from));
  }
}

/** A signing key, created in 2025, without an expiry. */
export async function newKey(): Promise<PrivateKey> {
  const { privateKey } = await generateKey({
    userIDs: [{ name: "Test Archive" }],
    type: "curve25519",
    date: new Date("2025-01-01"),
    format: "armored",
    config: { v6Keys: false, aeadProtect: false, preferredHashAlgorithm: enums.hash.sha256 },
  });
  return readPrivateKey({ armoredKey: privateKey });
}

function archiveOf(suite: Suite): string {
  return suite === "bookworm-security" ? "debian-security" : "debian";
}

function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

async function run(tool: string, ...args: string[]): Promise<void> {
  const { status, output } = await runTool(tool, ...args);
  if (status !== 0) throw new Error(`${tool} ended with ${status}: ${output}`);
}

async function place(path: string, content: string | Buffer): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  if (content === "/") await mkdir(path, { recursive: true });
  else if (typeof content === "string" && content.startsWith("-> ")) await symlink(content.slice(3), path);
  else await writeFile(path, content, { mode: 0o755 });
}
