import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, beforeEach, describe, test } from "node:test";
import { collect } from "../../sdk/core/bytes.ts";
import { createTransport } from "../../sdk/net/transport.ts";

const BODY = randomBytes(9 << 20);

describe("a request with a large body", { timeout: 60_000 }, () => {
  let server: Server;
  let serve: (request: IncomingMessage, response: ServerResponse) => void;
  const ports: (number | undefined)[] = [];
  const send = async (options: { timeoutSeconds?: number; signal?: AbortSignal; attempts?: number } = {}, body: Uint8Array = BODY) => {
    const { timeoutSeconds = 20, signal, attempts = 1 } = options;
    const url = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/up`);
    const response = await createTransport({ timeoutSeconds, signal, retry: { attempts, baseMs: 1 } }).send({
      url,
      method: "PUT",
      headers: { "x-mine": "1" },
      body,
    });
    return { status: response.status, said: (await collect(response.body)).toString(), from: response.headers.get("x-from") };
  };
  /** Answers whether the body was right, and with some of the request's headers. */
  const echo = (request: IncomingMessage, response: ServerResponse): void => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () =>
      response
        .setHeader("x-from", "here")
        .end(
          `${Buffer.concat(chunks).equals(BODY)} ${request.headers["content-length"]} ${request.headers["x-mine"]} ${request.headers["accept-encoding"]}`,
        ),
    );
  };

  before(async () => {
    server = createServer((request, response) => {
      ports.push(request.socket.remotePort);
      serve(request, response);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  });
  beforeEach(() => {
    serve = echo;
    ports.length = 0;
  });
  after(() => {
    server.closeAllConnections();
    server.close();
  });

  test("arrives whole, and later requests use the same connection", async () => {
    for (let times = 0; times < 3; times++)
      assert.deepEqual(await send(), { status: 200, said: `true ${BODY.length} 1 identity`, from: "here" });
    assert.equal(new Set(ports).size, 1);
  });

  test("arrives whole from shared memory", async () => {
    const body = Buffer.from(new SharedArrayBuffer(BODY.length));
    body.set(BODY);
    assert.deepEqual(await send({}, body), { status: 200, said: `true ${BODY.length} 1 identity`, from: "here" });
  });

  test("gets the server's answer even if the server refuses it before reading the body", async () => {
    serve = (_, response) => response.writeHead(403, { connection: "close" }).end("no");
    assert.deepEqual(await send(), { status: 403, said: "no", from: null });
  });

  test("leaves an answer without end, once it is dropped", async () => {
    const gone = new Promise<void>((resolve) => {
      serve = (_, response) => {
        const more = (): void => {
          while (response.write(BODY.subarray(0, 1 << 16)));
        };
        response.on("drain", more).on("close", resolve);
        more();
      };
    });
    const url = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/up`);
    const response = await createTransport({ retry: { attempts: 1 } }).send({ url, method: "PUT", body: BODY });
    await response.drop();
    await gone;
  });

  test("is sent again after the connection was cut", async () => {
    let times = 0;
    serve = (request, response) => (times++ < 2 ? void request.socket.destroy() : echo(request, response));
    assert.equal((await send({ attempts: 3 })).status, 200);
    times = 0;
    await assert.rejects(send(), { code: "NETWORK", message: /\/up: connection failed: / });
  });

  test("fails with TIMEOUT when the server does not answer", async () => {
    serve = () => {};
    await assert.rejects(send({ timeoutSeconds: 0.3 }), { code: "TIMEOUT" });
  });

  test("fails with CANCELLED when it is aborted", async () => {
    const cancel = new AbortController();
    serve = () => cancel.abort();
    await assert.rejects(send({ signal: cancel.signal }), { code: "CANCELLED" });
  });
});
