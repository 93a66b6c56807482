import { randomBytes } from "node:crypto";
import type { Duplex } from "node:stream";
import { encodeFrame, FRAME, frameReader, HELLO_BYTES, MAGIC } from "./frame.ts";
import type { ApiRequest } from "./request.ts";
import { ApiStream, type OnOutput } from "./stream.ts";

/** What a port may still hold of an earlier client: more is not read in search of the machine's answer. */
const MOST_STALE = 4 << 20;

/** A connection to a machine, for any number of requests at once. */
export class ApiConnection {
  readonly #duplex: Duplex;
  readonly #streams = new Map<number, ApiStream>();
  #next = 1;
  #ended: unknown;

  private constructor(duplex: Duplex) {
    this.#duplex = duplex;
  }

  /**
   * Greets the machine at the other end, and waits for its answer. What comes before that is of an earlier client.
   *
   * @throws when the other end closes, or is no machine; it rejects with the reason of `signal`
   */
  static async open(duplex: Duplex, signal: AbortSignal): Promise<ApiConnection> {
    const connection = new ApiConnection(duplex);
    try {
      await connection.#greet(signal);
      return connection;
    } catch (error) {
      duplex.destroy();
      throw error;
    }
  }

  #greet(signal: AbortSignal): Promise<void> {
    const hello = Buffer.concat([Buffer.from(MAGIC), randomBytes(HELLO_BYTES - MAGIC.length)]);
    const frames = frameReader();
    return new Promise((resolve, reject) => {
      let early: Buffer | undefined = Buffer.alloc(0);
      let stale = 0;
      const fail = (error: unknown): void => {
        this.#ended ??= error;
        this.#duplex.destroy();
        reject(error);
        for (const stream of this.#streams.values()) stream.fail(error);
        this.#streams.clear();
      };
      const read = (chunk: Buffer): void => {
        let fresh = chunk;
        if (early) {
          stale += chunk.length;
          early = Buffer.concat([early, chunk]);
          const at = early.indexOf(hello);
          if (at < 0) {
            if (stale > MOST_STALE) throw new Error("the other end does not answer as a machine does");
            early = Buffer.from(early.subarray(Math.max(0, early.length - HELLO_BYTES)));
            return;
          }
          fresh = early.subarray(at + HELLO_BYTES);
          early = undefined;
          signal.removeEventListener("abort", abort);
          resolve();
        }
        for (const { kind, stream, payload } of frames(fresh)) {
          this.#streams.get(stream)?.take(kind, payload);
          if (kind === FRAME.end) this.#streams.delete(stream);
        }
      };
      const abort = (): void => fail(signal.reason);
      signal.addEventListener("abort", abort, { once: true });
      this.#duplex.on("data", (chunk: Buffer) => {
        try {
          read(chunk);
        } catch (error) {
          fail(error);
        }
      });
      this.#duplex.once("error", fail);
      this.#duplex.once("close", () => fail(new Error("the machine closed the connection")));
      if (signal.aborted) abort();
      else this.#duplex.write(hello);
    });
  }

  /** Asks the machine for something. */
  request(request: ApiRequest, onOutput: OnOutput): ApiStream {
    const id = this.#next++;
    const send = (kind: number, payload?: Uint8Array): void => {
      if (!this.#duplex.destroyed) this.#duplex.write(encodeFrame(kind, id, payload));
    };
    const stream = new ApiStream(send, onOutput);
    if (this.#ended !== undefined) {
      stream.fail(this.#ended);
      return stream;
    }
    this.#streams.set(id, stream);
    send(FRAME.open, Buffer.from(JSON.stringify(request)));
    return stream;
  }

  /** Closes the connection; what runs on it ends. */
  close(): void {
    this.#duplex.destroy();
  }
}
