import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { type AddressInfo, type Socket, createServer } from "node:net";
import { type TestContext, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { collect } from "../../sdk/core/bytes.ts";
import type { HttpRequest } from "../../sdk/net/http.ts";
import { type TransportOptions, createTransport } from "../../sdk/net/transport.ts";

const BODY = randomBytes(5 << 20);
const LENGTH = `HTTP/1.1 200 OK\r\ncontent-length: ${BODY.length}\r\nx-a: 1\r\nX-A: 2\r\n\r\n`;

/** The bytes of a server's answer, or a function that answers. */
type Answer = string | Buffer | ((socket: Socket) => void);

/** A server that answers its nth connection's first request with the nth answer, and all later ones with the last. */
async function serve(context: TestContext, ...answers: Answer[]): Promise<{ readonly url: URL; readonly heads: string[] }> {
  const heads: string[] = [];
  const server = createServer((socket) => {
    socket.on("error", () => {});
    socket.once("data", (head) => {
      const answer = answers[Math.min(heads.push(head.toString()), answers.length) - 1] as Answer;
      if (typeof answer === "function") answer(socket);
      else socket.end(answer);
    });
    sockets.add(socket);
  }).listen(0, "127.0.0.1");
  const sockets = new Set<Socket>();
  await new Promise((resolve) => server.once("listening", resolve));
  context.after(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  return { url: new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/x?y=z`), heads };
}

const whole = (body: AsyncIterable<Uint8Array>): Promise<Buffer> => collect(copies(body));

// chunks in reused memory are not valid until the end of the body
async function* copies(body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  for await (const chunk of body) yield Uint8Array.from(chunk);
}

function chunked(bytes: Buffer): Buffer {
  const parts: Buffer[] = [Buffer.from("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")];
  for (let at = 0; at < bytes.length; at += 100_000) {
    const part = bytes.subarray(at, at + 100_000);
    parts.push(Buffer.from(`${part.length.toString(16)}\r\n`), part, Buffer.from("\r\n"));
  }
  return Buffer.concat([...parts, Buffer.from("0\r\n\r\n")]);
}

// both wires must behave the same
for (const memory of ["own", "reused"] as const) {
  describe(`bodies in ${memory} memory`, () => {
    const send = (url: URL, options: TransportOptions = {}, request: Partial<HttpRequest> = {}) =>
      createTransport({ retry: { attempts: 1 }, ...options }).send({ url, memory, ...request });

    const rows: readonly [string, Answer, Buffer][] = [
      ["a body of a known length arrives whole", Buffer.concat([Buffer.from(LENGTH), BODY]), BODY],
      ["a chunked body arrives whole", chunked(BODY), BODY],
      ["a body that ends with the connection arrives whole", Buffer.concat([Buffer.from("HTTP/1.1 200 OK\r\n\r\n"), BODY]), BODY],
      ["an empty body is empty", "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n", Buffer.alloc(0)],
      [
        "informational answers before the final one are skipped",
        Buffer.concat([Buffer.from(`HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\nHTTP/1.1 102 Processing\r\n\r\n${LENGTH}`), BODY]),
        BODY,
      ],
      ["bytes beyond content-length are ignored", "HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nabcdef", Buffer.from("abc")],
    ];
    for (const [name, answer, want] of rows) {
      test(name, async (context) => {
        const { url, heads } = await serve(context, answer);
        const response = await send(url, {}, { headers: { "x-mine": "yes" } });
        assert.equal(response.status, 200);
        assert.ok((await whole(response.body)).equals(want));
        assert.match(heads[0] as string, /^GET \/x\?y=z HTTP\/1\.1\r\n/);
        for (const header of [`host: ${url.host}`, "accept-encoding: identity", "user-agent: pulumi-linuxkit", "x-mine: yes"])
          assert.ok(heads[0]?.toLowerCase().includes(`\r\n${header}\r\n`), header);
      });
    }
    test("an answer that comes byte by byte arrives whole", async (context) => {
      const { url } = await serve(context, (socket) => {
        void (async () => {
          for (const byte of Buffer.from("HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello")) {
            socket.write(Buffer.of(byte));
            await sleep(1);
          }
        })();
      });
      const response = await send(url);
      assert.equal((await whole(response.body)).toString(), "hello");
    });
    test("repeated headers are joined, and a status of 404 is an answer", async (context) => {
      const { url } = await serve(
        context,
        Buffer.concat([Buffer.from(LENGTH), BODY]),
        "HTTP/1.1 404 Not Found\r\ncontent-length: 4\r\n\r\ngone",
      );
      const response = await send(url);
      assert.equal(response.headers.get("x-a"), "1, 2");
      await response.drop();
      const missing = await send(url);
      assert.equal(missing.status, 404);
      assert.equal((await whole(missing.body)).toString(), "gone");
    });
    test("a body that is cut yields the bytes before the cut, then throws NETWORK", async (context) => {
      const { url } = await serve(context, Buffer.concat([Buffer.from(LENGTH), BODY.subarray(0, 300_000)]));
      const response = await send(url);
      let got = 0;
      const reading = async () => {
        for await (const chunk of response.body) got += chunk.length;
      };
      await assert.rejects(reading(), { code: "NETWORK", message: /^http:\/\/127\.0\.0\.1:\d+\/x\?y=…: connection failed: / });
      assert.equal(got, 300_000);
    });
    test("silence in the middle of a body throws TIMEOUT", async (context) => {
      const { url } = await serve(context, (socket) => socket.write(`${LENGTH}abc`));
      const response = await send(url, { timeoutSeconds: 0.2 });
      await assert.rejects(whole(response.body), { code: "TIMEOUT" });
    });
    test("a body that comes byte by byte without end throws TIMEOUT", async (context) => {
      const { url } = await serve(context, (socket) => {
        socket.write(LENGTH);
        const drip = setInterval(() => socket.write("x"), 20);
        socket.on("close", () => clearInterval(drip));
      });
      const response = await send(url, { timeoutSeconds: 0.2 });
      await assert.rejects(whole(response.body), { code: "TIMEOUT", message: /: less than 64 KiB within 0\.2 seconds/ });
    });
    test("a slow reader does not run into the deadline", async (context) => {
      const { url } = await serve(context, Buffer.concat([Buffer.from(LENGTH), BODY]));
      const response = await send(url, { timeoutSeconds: 0.2 });
      let got = 0;
      for await (const chunk of response.body) {
        if (got === 0) await sleep(500);
        got += chunk.length;
      }
      assert.equal(got, BODY.length);
    });
    test("aborting in the middle of a body throws CANCELLED", async (context) => {
      const { url } = await serve(context, (socket) => socket.write(`${LENGTH}abc`));
      const stop = new AbortController();
      const response = await send(url, { signal: stop.signal });
      setTimeout(() => stop.abort(), 20);
      await assert.rejects(whole(response.body), { code: "CANCELLED" });
    });
    test("an answer that is not HTTP throws NETWORK", async (context) => {
      const { url } = await serve(context, "220 mail.example ESMTP\r\n\r\n", (socket) => socket.destroy(), Buffer.alloc(200_000, 0x61));
      for (let kind = 0; kind < 3; kind++) await assert.rejects(send(url), { code: "NETWORK" });
    });
    test("a reader that stops early closes the connection", async (context) => {
      let closed = () => {};
      const seen = new Promise<void>((resolve) => {
        closed = resolve;
      });
      const { url } = await serve(context, (socket) => socket.on("close", closed).write(`${LENGTH}${"a".repeat(1 << 20)}`));
      for await (const _ of (await send(url)).body) break;
      await seen;
    });
    test("a cut connection and a status of 503 are tried again", async (context) => {
      const { url, heads } = await serve(
        context,
        (socket) => socket.destroy(),
        (socket) => socket.destroy(),
        "HTTP/1.1 503 Busy\r\nretry-after: 0\r\ncontent-length: 0\r\n\r\n",
        "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok",
      );
      const response = await send(url, { retry: { attempts: 4, baseMs: 1 } });
      assert.equal((await whole(response.body)).toString(), "ok");
      assert.equal(heads.length, 4);
    });
    test("a request that is not repeatable is sent once", async (context) => {
      const { url, heads } = await serve(context, "HTTP/1.1 503 Busy\r\ncontent-length: 0\r\n\r\n");
      const response = await send(url, { retry: { attempts: 4, baseMs: 1 } }, { method: "PUT", body: Buffer.from("x"), repeatable: false });
      await response.drop();
      assert.equal(response.status, 503);
      assert.equal(heads.length, 1);
    });
  });
}

test("a small body in shared memory is copied for fetch, as Node 22 refuses shared memory", async () => {
  const body = Buffer.from(new SharedArrayBuffer(5));
  body.write("hello");
  let sent: unknown;
  const fetch = async (_: unknown, init?: RequestInit) => {
    sent = init?.body;
    return new Response("");
  };
  const { drop } = await createTransport({ fetch: fetch as typeof globalThis.fetch }).send({
    url: new URL("http://localhost/"),
    method: "PUT",
    body,
  });
  await drop();
  assert.ok((sent as Uint8Array).buffer instanceof ArrayBuffer);
  assert.equal(Buffer.from(sent as Uint8Array).toString(), "hello");
});
