import { Worker } from "node:worker_threads";

const WORKER = new URL(`./md5-worker${import.meta.url.endsWith(".ts") ? ".ts" : ".js"}`, import.meta.url);

interface Waiting {
  resolve(md5: string): void;
  reject(error: unknown): void;
}

/**
 * Hashes in a separate thread: MD5 takes most of an upload's time, twice that of the sha256 check of the same bytes.
 */
export class Md5Thread implements AsyncDisposable {
  readonly #worker = new Worker(WORKER);
  // the worker answers in the order of the requests
  readonly #waiting: Waiting[] = [];
  #died: { readonly error: unknown } | undefined;

  constructor() {
    this.#worker.on("message", (md5: string) => this.#waiting.shift()?.resolve(md5));
    this.#worker.on("error", (error) => {
      this.#died = { error };
      for (const { reject } of this.#waiting.splice(0)) reject(error);
    });
  }

  /** The MD5 in base64, as in `Content-MD5`. @param bytes copied unless in shared memory */
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
