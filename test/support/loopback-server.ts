import { once } from "node:events";
import { createServer, type IncomingMessage, type RequestListener, type Server } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo } from "node:net";
import type { Authority } from "./authority.ts";

/** A stand-in's answer to one request. */
export interface Reply {
  readonly status: number;
  readonly body?: string | Buffer;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A stand-in's server on loopback, over TLS if it has an authority, with a record of its requests. It ends with the test: `await using`. */
export class LoopbackServer implements AsyncDisposable {
  /** `METHOD PATH STATUS` */
  readonly requests: string[] = [];
  readonly #server: Server;

  private constructor(answer: (request: IncomingMessage, body: Buffer) => Reply, authority: Authority | undefined) {
    const listener: RequestListener = (request, response) => {
      const chunks: Buffer[] = [];
      request.on("data", (chunk: Buffer) => chunks.push(chunk));
      request.on("end", () => {
        const { status, body = "", headers = {} } = answer(request, Buffer.concat(chunks));
        this.requests.push(`${request.method} ${request.url} ${status}`);
        response.writeHead(status, { ...headers, connection: "close" }).end(body);
      });
    };
    this.#server = authority ? createTlsServer(authority, listener) : createServer(listener);
  }

  static async start(answer: (request: IncomingMessage, body: Buffer) => Reply, authority?: Authority): Promise<LoopbackServer> {
    const server = new LoopbackServer(answer, authority);
    server.#server.listen(0, "127.0.0.1");
    await once(server.#server, "listening");
    return server;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
