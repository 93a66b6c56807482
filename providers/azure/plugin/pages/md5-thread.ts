import { Worker } from "node:worker_threads";

const WORKER = new URL(`./md5-worker${import.meta.url.endsWith(".ts") ? ".ts" : ".js"}`, import.meta.url);

interface Waiting {
  resolve(md5: string): void;
  reject(error: unknown): void;
}

/**
 * Hashes in a thread of its own: of all that an upload does MD5 takes the most time, twice that of the sha256 by which
 * the same bytes are checked.
 */
export class Md5Thread implements AsyncDisposable {
  readonly #worker = new Worker(WORKER);
  // it answers in the order in which it was asked
  readonly #waiting: Waiting[] = [];
  #died: { readonly error: unknown } | undefined;

  constructor() {
    this.#worker.on("message", (md5: string) => this.#waiting.shift()?.resolve(md5));
    this.#worker.on("error", (error) => {
      this.#died = { error };
      for (const { reject } of this.#waiting.splice(0)) reject(error);
    });
  }

  /** The MD5 in base64, as `Content-MD5` has it. @param bytes in shared memory, else they are copied */
  digest(bytes: Uint8Array): Promise<string> {
    return new Promise((resolve, reject) => {
      if (this.#died) return reject(this.#died.error);
      this.#waiting.push({ resolve, reject });
      this.#worker.postMessage(bytes);
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#worker.terminate();
  }
}
