import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, test } from "node:test";
import type { MachineStatus } from "../../sdk/api/request.ts";
import { makeMachineKeys } from "../../sdk/api/keys.ts";
import { connectTls } from "../../sdk/api/tls-connection.ts";
import { privateLinks } from "../../sdk/guest/firewall.ts";
import { bootImage, dhcp, service, spy, ask } from "../guest/image.ts";
import { scratch } from "../support/judge.ts";
import { cliOf } from "./cli.ts";

// what a service can try that may connect to everything
const HOSTILE = `
for address in ${privateLinks(["hostile"]).get("hostile")?.gateway} 10.0.2.15 127.0.0.1; do
  busybox nc -w 2 $address 8443 </dev/null 2>/dev/null && echo "could reach $address"
done
for file in /run/linuxkit /lib/linuxkit /channels; do [ -e $file ] && echo "could see $file"; done
echo tried; exec sleep 1000`;

describe("the interface to a machine over TLS", { timeout: 500_000 }, () => {
  test("an administrator runs commands, a reader reads, and others are refused; no service reaches it", async () => {
    await using folder = await scratch();
    const keys = makeMachineKeys("test", 30);
    const files = Object.fromEntries(
      await Promise.all(
        Object.entries({
          administrator: keys.administrator,
          reader: keys.reader,
        }).map(async ([name, own]) => {
          const file = join(folder.path, `${name}.json`);
          await writeFile(file, JSON.stringify(own), { mode: 0o600 });
          return [name, file] as const;
        }),
      ),
    ) as Record<string, string>;
    const { clientCa, server } = keys;
    await using machine = await bootImage(
      {
        api: { port: 8443, clientCa, ...server },
        onboot: [dhcp()],
        services: [
          spy(),
          service("user", "echo up; exec sleep 1000", { uid: 1000, gid: 1000 }),
          service("hostile", HOSTILE, { egress: [{ to: "any" }], publish: ["7001"], capabilities: ["CAP_NET_RAW"] }),
        ],
      },
      { ports: [80, 8443] },
    );
    await machine.until("health", ({ stage }) => stage === "healthy");
    const cli = cliOf(folder.path);
    const on = (who: string): string[] => ["--address", `127.0.0.1:${machine.port(8443)}`, "--keys", files[who] as string];

    // the port opens a moment after health
    let first = await cli.run(["status", ...on("administrator"), "--json"]);
    for (let tries = 0; first.status !== 0 && tries < 20; tries++) first = await cli.run(["status", ...on("administrator"), "--json"]);
    assert.equal(first.status, 0, `${first.stderr}\n${await ask(machine, "cat /host/run/log/linuxkit.api.log")}`);
    assert.equal((JSON.parse(first.stdout) as MachineStatus).healthy, true);

    const ran = await cli.run(["exec", "-i", ...on("administrator"), "user", "busybox", "sh", "-c", "cat; id -u; exit 4"], "hello\n");
    assert.deepEqual([ran.status, ran.stdout], [4, "hello\n1000\n"], ran.stderr);
    const read = await cli.run(["logs", ...on("reader"), "user"]);
    assert.deepEqual([read.status, read.stdout], [0, "up\n"], read.stderr);
    assert.match((await cli.run(["metrics", ...on("reader")])).stdout, /^linuxkit_healthy 1$/m);

    const refused = await cli.run(["exec", ...on("reader"), "user", "busybox", "id"]);
    assert.deepEqual([refused.status, refused.stdout], [1, ""]);
    assert.match(refused.stderr, /ACCESS_DENIED: exec: the role reader may only read/);
    const signal = AbortSignal.timeout(60_000);
    const strangers = {
      "of another authority": { ...makeMachineKeys("other", 30).administrator, ca: clientCa },
      expired: { ...makeMachineKeys("test", 1, new Date(Date.now() - 3 * 86_400_000)).administrator, ca: clientCa },
      "for another machine": { ...keys.administrator, ca: makeMachineKeys("other", 30).clientCa },
    };
    for (const [who, own] of Object.entries(strangers)) {
      const opening = connectTls({ host: "127.0.0.1", port: machine.port(8443), keys: own }, { signal });
      await assert.rejects(opening, { code: "ACCESS_DENIED", message: /a certificate was refused/ }, who);
    }

    // each of its attempts may take two seconds
    const hostile = () => cli.run(["logs", ...on("reader"), "hostile"]);
    let log = await hostile();
    for (let tries = 0; !log.stdout.includes("tried") && tries < 100; tries++) log = await hostile();
    assert.deepEqual([log.status, log.stdout], [0, "tried\n"], log.stderr);
    // the key is the container's alone
    assert.match(
      await ask(machine, "ls -ln /host/lib/linuxkit/api/rootfs/etc/api/key.pem; ls -ldn /host/run/linuxkit"),
      /^-r-------- .* 65534 +65534 .*\ndrwx------ .* 0 +0 /,
    );
  });
});
