/**
 * Plays EC2's instance metadata service, version 2.
 *
 * Source: Amazon EC2 User Guide, "Use the Instance Metadata Service to access instance metadata".
 */
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";

/** A metadata service like EC2's version 2: every answer needs a token, and only PUT gives tokens. */
export class MetadataServer implements AsyncDisposable {
  /** `METHOD PATH STATUS` */
  readonly requests: string[] = [];
  /** By path below `/latest/`. */
  readonly content: Readonly<Record<string, string | Buffer>>;
  readonly #server: Server;

  private constructor(content: Readonly<Record<string, string | Buffer>>) {
    this.content = content;
    this.#server = createServer((request, response) => {
      const { method = "", url = "" } = request;
      const send = (status: number, body: string | Buffer = ""): void => {
        this.requests.push(`${method} ${url} ${status}`);
        response.writeHead(status, { connection: "close" }).end(body);
      };
      if (method === "PUT" && url === "/latest/api/token") {
        // a request that came through a proxy gets no token
        if (!/^\d+$/.test(String(request.headers["x-aws-ec2-metadata-token-ttl-seconds"])) || request.headers["x-forwarded-for"])
          return send(400);
        return send(200, "token-of-the-test");
      }
      if (request.headers["x-aws-ec2-metadata-token"] !== "token-of-the-test") return send(401);
      const body = this.content[url.replace("/latest/", "")];
      return body === undefined ? send(404) : send(200, body);
    });
  }

  static async start(content: Readonly<Record<string, string | Buffer>>): Promise<MetadataServer> {
    const server = new MetadataServer(content);
    await new Promise<void>((resolve) => server.#server.listen(0, "127.0.0.1", resolve));
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
