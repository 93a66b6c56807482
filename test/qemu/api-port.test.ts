import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type Server, type Socket } from "node:net";
import { join } from "node:path";
import { test } from "node:test";
import { API_PORTS, apiSocket, connectPort } from "../../providers/qemu/plugin/api-port.ts";
import { scratch } from "../support/judge.ts";

/** The sockets of a machine's ports, which answer a greeting as `answers` says: by the number of the port and of the client. */
async function makePorts(folder: string, answers: (port: number, client: number) => boolean): Promise<Server[]> {
  return Promise.all(
    Array.from({ length: API_PORTS }, async (_, port) => {
      let clients = 0;
      const server = createServer((socket: Socket) => {
        const client = clients++;
        socket.on("error", () => {});
        // a machine answers with the greeting itself
        socket.on("data", (hello) => void (answers(port, client) && socket.write(hello)));
      });
      server.listen(join(folder, apiSocket(port)));
      await once(server, "listening");
      return server;
    }),
  );
}

for (const [what, answers] of [
  ["that answer at once", () => true],
  ["of which one is in use", (port: number) => port > 0],
  ["that take the first greetings for a part of an earlier client's words", (_: number, client: number) => client > 0],
] as const)
  test(`a machine is reached by ports ${what}`, async () => {
    await using folder = await scratch();
    const servers = await makePorts(folder.path, answers);
    try {
      const connection = await connectPort(folder.path, { signal: AbortSignal.timeout(20_000) });
      connection.close();
    } finally {
      for (const server of servers) server.close();
    }
  });

test("a machine whose ports never answer is given up in time", async () => {
  await using folder = await scratch();
  const servers = await makePorts(folder.path, () => false);
  try {
    await assert.rejects(connectPort(folder.path, { signal: AbortSignal.timeout(20_000), seconds: 2 }), /did not answer within 2 s/);
  } finally {
    for (const server of servers) server.close();
  }
});
