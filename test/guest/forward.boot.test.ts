import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer as createHttpServer } from "node:http";
import { type AddressInfo, createServer } from "node:net";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { bootImage, dhcp, service } from "./image.ts";

test("logs are sent to a syslog and an HTTP collector, in complete lines and in order", async () => {
  let syslog = "";
  const posts: { path: string; service: string; text: string }[] = [];
  const lines = createServer((socket) => socket.setEncoding("utf8").on("data", (text) => (syslog += text))).listen(0, "127.0.0.1");
  const collector = createHttpServer(async (request, response) => {
    let text = "";
    for await (const chunk of request.setEncoding("utf8")) text += chunk;
    posts.push({ path: request.url ?? "", service: String(request.headers["service"]), text });
    response.end("taken");
  }).listen(0, "127.0.0.1");
  await Promise.all([once(lines, "listening"), once(collector, "listening")]);
  const portOf = (server: { address(): unknown }): number => (server.address() as AddressInfo).port;
  try {
    await using _machine = await bootImage({
      onboot: [dhcp()],
      services: [
        // QEMU's own address of the host
        service("talks", "for i in 1 2 3; do echo line $i; done; sleep 2; echo end; exec sleep 1000", {
          log: { forward: `tcp://10.0.2.2:${portOf(lines)}` },
        }),
        service("posts", "for i in 1 2 3; do echo 'a \"line\"' $i; done; sleep 2; echo end; exec sleep 1000", {
          log: { forward: `http://10.0.2.2:${portOf(collector)}/in?x=1` },
        }),
      ],
    });
    const posted = (): string => posts.map(({ text }) => text).join("");
    for (let tries = 0; tries < 300 && !(syslog.includes("end\n") && posted().includes("end\n")); tries++) await sleep(300);
    assert.match(syslog, /^<14>1 - linuxkit-[0-9a-f]{12} talks - - - line 1\n/);
    assert.deepEqual(
      syslog
        .trim()
        .split("\n")
        .map((line) => line.replace(/^.* - - - /, "")),
      ["line 1", "line 2", "line 3", "end"],
    );
    assert.equal(posted(), 'a "line" 1\na "line" 2\na "line" 3\nend\n');
    assert.deepEqual([...new Set(posts.map(({ path, service: name }) => `${name} ${path}`))], ["posts /in?x=1"]);
  } finally {
    lines.close();
    collector.close();
    collector.closeAllConnections();
  }
});
