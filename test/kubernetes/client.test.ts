import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { after, before, describe, test } from "node:test";
import { isLinuxKitError } from "../../sdk/core/errors.ts";
import { call } from "../../sdk/kubernetes/plugin/client.ts";
import { type Authority, makeAuthority } from "../support/authority.ts";

describe("a call of an API server", () => {
  let own: Authority;
  let other: Authority;
  let server: ReturnType<typeof createServer>;
  let [connections, cut] = [0, 0];
  before(async () => {
    [own, other] = await Promise.all([makeAuthority("localhost"), makeAuthority("localhost")]);
    server = createServer(own, (_, answer) => answer.end("{}"));
    server.on("connection", (socket) => {
      if (++connections <= cut) socket.destroy();
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
  });
  after(() => server.close());

  const rows = [
    { name: "of one that answers", cuts: 0, tries: undefined, asked: 1, answered: true },
    { name: "of one that ends the first two connections", cuts: 2, tries: undefined, asked: 3, answered: true },
    { name: "of one that ends the only one", cuts: 1, tries: 1, asked: 1, answered: false },
    { name: "of one whose certificate is another's", cuts: 0, tries: undefined, foreign: true, asked: 1, answered: false },
  ] as const;
  for (const { name, cuts, tries, asked, answered, ...row } of rows) {
    test(`${name} ${answered ? "is answered" : "fails"} at connection ${asked}`, async () => {
      [connections, cut] = [0, cuts];
      const at = `127.0.0.1:${(server.address() as AddressInfo).port}`;
      const keys = { ca: "foreign" in row ? other.cert : own.cert, certificate: own.cert, key: own.key };
      const signal = AbortSignal.timeout(30_000);
      const answer = call({ at, keys }, { path: "/", signal, ...(tries !== undefined && { tries }) });
      if (answered) assert.equal((await answer).status, 200);
      else await assert.rejects(answer, (error) => isLinuxKitError(error, "NETWORK"));
      assert.equal(connections, asked);
    });
  }
});
