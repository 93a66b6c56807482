import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { randomUUID, sign } from "node:crypto";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { type Server, createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { freePort } from "./free-port.ts";

/** The user that a registry with token login knows. */
export const DOCKER_REGISTRY_LOGIN = { username: "user", password: "pass" };

/** Debian's docker-registry on loopback, with a token server of its own for `login`. */
export class DockerRegistry implements AsyncDisposable {
  readonly host: string;
  readonly #folder: string;
  readonly #process: ChildProcess;
  readonly #tokens: Server | undefined;

  private constructor(host: string, folder: string, process: ChildProcess, tokens: Server | undefined) {
    this.host = host;
    this.#folder = folder;
    this.#process = process;
    this.#tokens = tokens;
  }

  static async start({ login = false } = {}): Promise<DockerRegistry> {
    const folder = await mkdtemp(join(tmpdir(), "docker-registry-"));
    const host = `127.0.0.1:${await freePort()}`;
    const tokens = login ? await startTokenServer(folder) : undefined;
    const auth = tokens && {
      token: {
        realm: `http://127.0.0.1:${(tokens.address() as AddressInfo).port}/token`,
        service: "judge",
        issuer: "judge",
        rootcertbundle: join(folder, "cert.pem"),
      },
    };
    const config = {
      version: 0.1,
      log: { level: "error" },
      storage: { filesystem: { rootdirectory: join(folder, "data") } },
      http: { addr: host },
      ...(auth && { auth }),
    };
    // JSON is YAML
    await writeFile(join(folder, "config.yml"), JSON.stringify(config));
    const child = spawn("docker-registry", ["serve", join(folder, "config.yml")], { stdio: "ignore" });
    const registry = new DockerRegistry(host, folder, child, tokens);
    for (let tries = 0; ; tries++) {
      const answer = await fetch(`http://${host}/v2/`).catch(() => undefined);
      await answer?.body?.cancel();
      if (answer) return registry;
      if (tries === 100 || child.exitCode !== null) {
        await registry[Symbol.asyncDispose]();
        throw new Error("docker-registry does not start");
      }
      await sleep(100);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#process.kill("SIGKILL");
    this.#tokens?.closeAllConnections();
    this.#tokens?.close();
    await rm(this.#folder, { recursive: true });
  }
}

// signs the requested scopes for a known login (distribution's docs/spec/auth/jwt.md)
async function startTokenServer(folder: string): Promise<Server> {
  const [key, cert] = ["key.pem", "cert.pem"].map((name) => join(folder, name)) as [string, string];
  execFileSync(
    "openssl",
    ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", cert, "-subj", "/CN=judge", "-days", "2"],
    { stdio: "ignore" },
  );
  const privateKey = await readFile(key);
  const x5c = [(await readFile(cert, "utf8")).replace(/-----[^-]+-----|\s/g, "")];
  const expected = `Basic ${Buffer.from(`${DOCKER_REGISTRY_LOGIN.username}:${DOCKER_REGISTRY_LOGIN.password}`).toString("base64")}`;
  const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const server = createServer((request, response) => {
    if (request.headers.authorization !== expected) {
      response.writeHead(401).end();
      return;
    }
    const url = new URL(request.url ?? "", "http://localhost");
    const access = url.searchParams
      .getAll("scope")
      .flatMap((scope) => scope.split(" "))
      .map((scope) => {
        const [type, name, actions = ""] = scope.split(":");
        return { type, name, actions: actions.split(",") };
      });
    const now = Math.floor(Date.now() / 1000);
    const claims = { iss: "judge", sub: "user", aud: "judge", exp: now + 300, nbf: now - 10, iat: now, jti: randomUUID(), access };
    const signed = `${part({ typ: "JWT", alg: "RS256", x5c })}.${part(claims)}`;
    const token = `${signed}.${sign("sha256", Buffer.from(signed), privateKey).toString("base64url")}`;
    response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify({ token, expires_in: 300 }));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return server;
}
