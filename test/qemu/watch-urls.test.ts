import assert from "node:assert/strict";
import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { test } from "node:test";
import { pageAt } from "../support/watch-urls.ts";

const ROWS = [
  { what: "an answer that is whole", answer: "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello", page: "hello" },
  { what: "an answer that is cut, as by a machine that stops", answer: "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhel", page: undefined },
  { what: "a connection that is cut", answer: "", page: undefined },
];

for (const { what, answer, page } of ROWS) {
  test(`the page of ${what} is ${page}`, { timeout: 20_000 }, async (context) => {
    const server = createServer((socket) => socket.once("data", () => socket.end(answer)).on("error", () => {})).listen(0, "127.0.0.1");
    context.after(() => server.close());
    await once(server, "listening");
    assert.equal(await pageAt(`http://127.0.0.1:${(server.address() as AddressInfo).port}`), page);
  });
}
