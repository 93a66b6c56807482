import { FRAME, MOST_PAYLOAD, WINDOW } from "./frame.ts";
import type { ApiOutcome } from "./request.ts";

/** Receives the bytes of a stream, in order. The next come when its promise is settled. */
export type OnOutput = (from: "stdout" | "stderr", bytes: Buffer) => void | Promise<void>;

/** One request to a machine, with its bytes both ways. */
export class ApiStream {
  /** The end of the request; rejects when the connection ends first, or what receives the output throws. */
  readonly outcome: Promise<ApiOutcome>;
  readonly #send: (kind: number, payload?: Uint8Array) => void;
  readonly #onOutput: OnOutput;
  #settle!: { readonly resolve: (outcome: ApiOutcome) => void; readonly reject: (error: unknown) => void };
  #received: Promise<void> = Promise.resolve();
  #waiting = 0;
  #credit = WINDOW;
  #more: (() => void) | undefined;
  #over = false;

  constructor(send: (kind: number, payload?: Uint8Array) => void, onOutput: OnOutput) {
    this.#send = send;
    this.#onOutput = onOutput;
    this.outcome = new Promise((resolve, reject) => (this.#settle = { resolve, reject }));
    this.outcome.catch(() => {});
  }

  /** Sends standard input; settles when all of it was sent, which waits for the machine. Does nothing after the end. */
  async write(bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length && !this.#over; ) {
      if (this.#credit === 0) await new Promise<void>((resolve) => (this.#more = resolve));
      const part = bytes.subarray(at, at + Math.min(this.#credit, MOST_PAYLOAD));
      if (part.length === 0 || this.#over) continue;
      this.#credit -= part.length;
      at += part.length;
      this.#send(FRAME.data, part);
    }
  }

  /** Ends standard input. */
  end(): void {
    if (!this.#over) this.#send(FRAME.eof);
  }

  resize(rows: number, columns: number): void {
    const size = Buffer.alloc(4);
    size.writeUInt16BE(Math.min(rows, 0xffff), 0);
    size.writeUInt16BE(Math.min(columns, 0xffff), 2);
    if (!this.#over) this.#send(FRAME.resize, size);
  }

  /** Ends the request; a command is killed. */
  cancel(): void {
    if (!this.#over) this.#send(FRAME.cancel);
  }

  /** Takes a frame of the machine. @throws for one that breaks the rules */
  take(kind: number, payload: Buffer): void {
    if (kind === FRAME.data || kind === FRAME.stderr) {
      this.#waiting += payload.length;
      if (this.#waiting > WINDOW) throw new Error("the machine sent more than it was granted");
      this.#received = this.#received.then(() => this.#pass(kind === FRAME.data ? "stdout" : "stderr", payload));
      this.#received.catch((error: unknown) => this.fail(error));
    } else if (kind === FRAME.grant && payload.length === 4) {
      this.#credit += payload.readUInt32BE();
      this.#wake();
    } else if (kind === FRAME.end) {
      const outcome = JSON.parse(payload.toString("utf8")) as ApiOutcome;
      this.#finish();
      // after the last output was received
      this.#received.then(
        () => this.#settle.resolve(outcome),
        () => {},
      );
    }
  }

  /** Ends it with an error. */
  fail(error: unknown): void {
    this.cancel();
    this.#finish();
    this.#settle.reject(error);
  }

  async #pass(from: "stdout" | "stderr", bytes: Buffer): Promise<void> {
    await this.#onOutput(from, bytes);
    this.#waiting -= bytes.length;
    if (this.#over) return;
    const granted = Buffer.alloc(4);
    granted.writeUInt32BE(bytes.length);
    this.#send(FRAME.grant, granted);
  }

  #finish(): void {
    this.#over = true;
    this.#wake();
  }

  #wake(): void {
    this.#more?.();
    this.#more = undefined;
  }
}
