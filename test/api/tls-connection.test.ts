import assert from "node:assert/strict";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { createServer as createPlainServer } from "node:net";
import { after, before, describe, test } from "node:test";
import { createServer, type Server } from "node:tls";
import { HELLO_BYTES } from "../../sdk/api/frame.ts";
import { type ClientKeys, makeMachineKeys } from "../../sdk/api/keys.ts";
import { connectTls } from "../../sdk/api/tls-connection.ts";

const keys = makeMachineKeys("test", 30);
const DAY = 86_400_000;

describe("a connection over TLS", () => {
  let server: Server;
  let port = 0;

  // a machine that greets whom it lets in
  before(async () => {
    server = createServer(
      {
        ca: keys.clientCa,
        cert: keys.server.certificate,
        key: keys.server.key,
        requestCert: true,
        rejectUnauthorized: true,
        minVersion: "TLSv1.3",
      },
      (socket) => void socket.on("error", () => {}).once("data", (hello) => socket.write(hello.subarray(0, HELLO_BYTES))),
    );
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    port = (server.address() as AddressInfo).port;
  });
  after(() => void server.close());

  const open = (own: ClientKeys, to = port, seconds = 10) =>
    connectTls({ host: "127.0.0.1", port: to, keys: own }, { signal: new AbortController().signal, seconds });

  test("is opened by both roles' keys", async () => {
    for (const own of [keys.administrator, keys.reader]) (await open(own)).close();
  });

  const other = makeMachineKeys("other", 30);
  for (const [who, own] of [
    ["a client of another authority", { ...other.administrator, ca: keys.clientCa }],
    ["a machine of another authority", { ...keys.administrator, ca: other.clientCa }],
    ["a machine that shows a client's certificate", undefined],
  ] as const) {
    test(`is refused to ${who}`, async () => {
      if (own) return assert.rejects(open(own), { code: "ACCESS_DENIED", message: /a certificate was refused/ });
      const { certificate: cert, key } = keys.administrator;
      const impostor = createServer({ cert, key }, (socket) => void socket.on("error", () => {}));
      impostor.listen(0, "127.0.0.1");
      await once(impostor, "listening");
      const opening = open(keys.administrator, (impostor.address() as AddressInfo).port);
      await assert.rejects(opening, { code: "ACCESS_DENIED", message: /purpose/ }).finally(() => impostor.close());
    });
  }

  test("is refused with an expired certificate of either side", async () => {
    const expired = makeMachineKeys("test", 1, new Date(Date.now() - 3 * DAY));
    const late = createServer({ ca: expired.clientCa, cert: expired.server.certificate, key: expired.server.key, requestCert: true });
    late.on("tlsClientError", () => {}).listen(0, "127.0.0.1");
    await once(late, "listening");
    await assert
      .rejects(open(expired.administrator, (late.address() as AddressInfo).port), {
        code: "ACCESS_DENIED",
        message: /expired/,
      })
      .finally(() => late.close());
  });

  test("says what keeps it from a machine that is not there, and from one that is silent", async () => {
    const silent = createPlainServer((socket) => void socket.on("error", () => {}).resume());
    silent.listen(0, "127.0.0.1");
    await once(silent, "listening");
    const { port: quiet } = silent.address() as AddressInfo;
    await assert.rejects(open(keys.reader, quiet, 0.3), { code: "TIMEOUT", message: /did not answer within 0.3 s/ });
    silent.close();
    await once(silent, "close");
    await assert.rejects(open(keys.reader, quiet), { code: "NETWORK", message: /cannot connect/ });
  });
});
