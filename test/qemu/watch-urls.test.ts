import assert from "node:assert/strict";
import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { test } from "node:test";
import { pageAt } from "../support/watch-urls.ts";

const ROWS = [
  { what: "a complete answer", answer: "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello", page: "hello" },
  { what: "a truncated answer, as from a machine that stops", answer: "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhel", page: undefined },
  { what: "a closed connection", answer: "", page: undefined },
];

for (const { what, answer, page } of ROWS) {
  test(`the page of ${what} is ${page}`, { timeout: 20_000 }, async (context) => {
    const server = createServer((socket) => socket.once("data", () => socket.end(answer)).on("error", () => {})).listen(0, "127.0.0.1");
    context.after(() => server.close());
    await once(server, "listening");
    assert.equal(await pageAt(`http://127.0.0.1:${(server.address() as AddressInfo).port}`), page);
  });
}
