import { type IncomingMessage, request as httpRequest } from "node:http";
import { type Socket, type TcpNetConnectOpts, connect, isIP } from "node:net";
import { Duplex } from "node:stream";
import { connect as connectTls } from "node:tls";
import { headersOf } from "./fetch-wire.ts";
import type { HttpRequest, Watch, Wire } from "./http.ts";
import { SocketMemory } from "./socket-memory.ts";

/** Least bytes of a chunk, where the server is fast enough. */
const LEAST_CHUNK = 128 << 10;

/** Most bytes of an answer's status line and headers. */
const HEAD_LIMIT = 64 << 10;

/**
 * A wire over a separate socket, whose bytes land in reused memory: it takes a third of `fetch`'s processor time. Node's
 * parser reads the answer's head. A body of a known length is then taken straight from the socket; any other goes
 * through the parser too. It trusts the same certificates as `fetch`, and does not use a proxy.
 */
export const socketWire: Wire = async (request, watch) => {
  const socket = new DirectSocket(request.url, watch);
  try {
    const answer = await socket.exchange(request);
    const headers = new Headers();
    for (let at = 0; at < answer.rawHeaders.length; at += 2)
      headers.append(answer.rawHeaders[at] as string, answer.rawHeaders[at + 1] as string);
    const length = headers.has("transfer-encoding") ? Number.NaN : Number(headers.get("content-length") ?? Number.NaN);
    const body = Number.isSafeInteger(length) ? socket.take(length) : socket.parse(answer);
    return { status: answer.statusCode ?? 0, headers, body, drop: async () => socket.close() };
  } catch (error) {
    socket.close();
    throw error;
  }
};

class DirectSocket {
  readonly #memory = new SocketMemory();
  readonly #socket: Socket;
  readonly #parser: Duplex;
  #atHead = true;
  #stopped = false;
  #ended: Error | undefined;
  #moved = () => {};
  #drained = () => {};

  constructor(url: URL, { signal, onBytes }: Watch) {
    const secure = url.protocol === "https:";
    const host = url.hostname.replace(/^\[|\]$/g, "");
    const onread: TcpNetConnectOpts["onread"] = {
      // called before each read
      buffer: () => this.#memory.space,
      callback: (bytes) => {
        onBytes(bytes);
        this.#memory.put(bytes);
        if (this.#atHead) this.#readHead();
        this.#moved();
        this.#stopped ||= this.#memory.full;
        return !this.#stopped;
      },
    };
    const options = { host, port: Number(url.port) || (secure ? 443 : 80), onread };
    const socket = secure
      ? connectTls({ ...options, ALPNProtocols: ["http/1.1"], ...(isIP(host) === 0 && { servername: host }) })
      : connect(options);
    this.#socket = socket;
    this.#parser = new Duplex({
      read: () => this.#drained(),
      write: (chunk, _, done) => void socket.write(chunk, done),
    });
    // the caller gets this error from the socket
    this.#parser.on("error", () => {});
    const abort = () => socket.destroy(signal.reason);
    signal.addEventListener("abort", abort, { once: true });
    socket.on("error", (error) => this.#end(error));
    socket.on("close", () => {
      signal.removeEventListener("abort", abort);
      this.#end(Object.assign(new Error("other side closed"), { code: "ECONNRESET" }));
    });
    if (signal.aborted) abort();
  }

  exchange(request: HttpRequest): Promise<IncomingMessage> {
    const { url, method = "GET", body } = request;
    return new Promise((resolve, reject) => {
      const sending = httpRequest({
        method,
        path: `${url.pathname}${url.search}`,
        headers: { host: url.host, connection: "close", ...headersOf(request) },
        createConnection: () => this.#parser,
      });
      sending.on("response", (answer) => {
        // a body that is taken straight from the socket never ends for the parser
        answer.on("error", () => {});
        resolve(answer);
      });
      sending.on("error", reject);
      this.#socket.once("close", () => reject(this.#ended));
      sending.end(body);
    });
  }

  /** The body of an answer of `length` bytes, straight from the socket. */
  async *take(length: number): AsyncGenerator<Uint8Array> {
    try {
      for (let left = length; left > 0; ) {
        const chunk = await this.#next(Math.min(LEAST_CHUNK, left), left);
        left -= chunk.length;
        yield chunk;
      }
    } finally {
      this.close();
    }
  }

  /** The body of an answer, through the parser. */
  async *parse(answer: IncomingMessage): AsyncGenerator<Uint8Array> {
    const feeding = this.#feed();
    try {
      yield* answer as AsyncIterable<Uint8Array>;
    } finally {
      this.close();
      await feeding;
    }
  }

  close(): void {
    this.#socket.destroy();
    this.#parser.destroy();
  }

  async #feed(): Promise<void> {
    try {
      for (;;) {
        const chunk = Buffer.from(await this.#next(1, Number.POSITIVE_INFINITY));
        const drained = new Promise<void>((resolve) => {
          this.#drained = resolve;
        });
        if (!this.#parser.push(chunk)) await drained;
      }
    } catch {
      // the parser decides whether the body was complete
      if (!this.#parser.destroyed) this.#parser.push(null);
    }
  }

  async #next(least: number, most: number): Promise<Uint8Array> {
    while (!this.#ended && !this.#memory.has(least)) {
      await new Promise<void>((resolve) => {
        this.#moved = resolve;
      });
    }
    const chunk = this.#memory.take(most);
    if (chunk.length === 0) throw this.#ended;
    if (this.#stopped && !this.#memory.full) {
      this.#stopped = false;
      this.#socket.resume();
    }
    return chunk;
  }

  // gives the parser the answer's head and not a byte more
  #readHead(): void {
    while (this.#atHead) {
      const end = this.#memory.peek().indexOf("\r\n\r\n");
      if (end < 0) {
        if (this.#memory.peek().length > HEAD_LIMIT)
          this.#socket.destroy(new Error(`the answer's headers are longer than ${HEAD_LIMIT} bytes`));
        return;
      }
      const head = Buffer.from(this.#memory.take(end + 4));
      // 1xx comes before the answer (RFC 9110 15.2)
      this.#atHead = /^HTTP\/1\.\d 1\d\d/.test(head.toString("latin1", 0, 12));
      this.#parser.push(head);
    }
  }

  #end(error: Error): void {
    if (this.#ended) return;
    this.#ended = error;
    this.#moved();
    this.#drained();
    if (this.#atHead) this.#parser.destroy(error);
  }
}
