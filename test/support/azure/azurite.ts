import { type ChildProcess, spawn } from "node:child_process";
import { createHmac } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { freePort } from "../free-port.ts";
import { ensureNpmProgram } from "../npm-program.ts";
import type { Certificate } from "./certificate.ts";

/** Azurite's well-known account and its public key. */
const ACCOUNT = "devstoreaccount1";
const KEY = Buffer.from("Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==", "base64");
const VERSION = "2023-11-03";

/** Microsoft's emulator of Azure Storage on loopback, in memory, with the Blob service only. */
export class Azurite implements AsyncDisposable {
  /** URL of the account: `http://127.0.0.1:PORT/devstoreaccount1`. */
  readonly url: string;
  readonly #folder: string;
  readonly #process: ChildProcess;

  private constructor(url: string, folder: string, process: ChildProcess) {
    this.url = url;
    this.#folder = folder;
    this.#process = process;
  }

  /** @param certificate enables HTTPS and with it tokens beside signatures */
  static async start(certificate?: Certificate): Promise<Azurite> {
    const script = await ensureNpmProgram("azurite");
    const folder = await mkdtemp(join(tmpdir(), "azurite-"));
    const port = await freePort();
    const args = [
      script,
      "--blobHost",
      "127.0.0.1",
      "--blobPort",
      String(port),
      "--inMemoryPersistence",
      "--silent",
      "--disableTelemetry",
      "--skipApiVersionCheck",
      ...(certificate ? ["--cert", certificate.path, "--key", certificate.keyPath, "--oauth", "basic"] : []),
    ];
    const child = spawn(process.execPath, args, { cwd: folder, stdio: "ignore" });
    const azurite = new Azurite(`${certificate ? "https" : "http"}://127.0.0.1:${port}/${ACCOUNT}`, folder, child);
    for (let tries = 0; ; tries++) {
      const answer = await fetch(azurite.url).catch(() => undefined);
      await answer?.body?.cancel();
      if (answer) return azurite;
      if (tries === 300 || child.exitCode !== null) {
        await azurite[Symbol.asyncDispose]();
        throw new Error("azurite does not start");
      }
      await sleep(100);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#process.exitCode === null) {
      const ended = new Promise((resolve) => this.#process.once("exit", resolve));
      this.#process.kill("SIGKILL");
      await ended;
    }
    await rm(this.#folder, { recursive: true, force: true });
  }

  /** Creates a container. @param name three characters or more */
  async container(name: string): Promise<void> {
    await this.#make(`${this.url}/${name}?restype=container&${this.#signature()}`, {});
  }

  /** Creates an empty page blob. @returns a signed URL to read and write it */
  async pageBlob(container: string, name: string, size: number): Promise<string> {
    const url = this.address(container, name);
    await this.#make(url, { "x-ms-blob-type": "PageBlob", "x-ms-blob-content-length": String(size) });
    return url;
  }

  /** Signed URL of a blob with every permission for an hour. */
  address(container: string, name: string): string {
    return `${this.url}/${container}/${name}?${this.#signature()}`;
  }

  async #make(url: string, headers: Record<string, string>): Promise<void> {
    const response = await fetch(url, { method: "PUT", headers: { "x-ms-version": VERSION, ...headers } });
    if (response.status !== 201) throw new Error(await response.text());
  }

  /** Source: Azure Storage REST API, "Create an account SAS". */
  #signature(): string {
    const [from, until] = [-300_000, 3_600_000].map((ms) => `${new Date(Date.now() + ms).toISOString().slice(0, 19)}Z`) as [string, string];
    const sig = createHmac("sha256", KEY)
      .update(`${[ACCOUNT, "racwdl", "b", "sco", from, until, "", "http,https", VERSION, ""].join("\n")}\n`)
      .digest("base64");
    return new URLSearchParams({ sv: VERSION, ss: "b", srt: "sco", sp: "racwdl", st: from, se: until, spr: "http,https", sig }).toString();
  }
}
