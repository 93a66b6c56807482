import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdir, writeFile } from "node:fs/promises";
import { createServer as createHttpServer } from "node:http";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { join } from "node:path";
import { describe, test } from "node:test";
import { ANSWER } from "../../sdk/guest/files/healthz.ts";
import { healthzFiles } from "../../sdk/guest/healthz.ts";
import { guestShell, moved, runShell } from "../support/guest-shell.ts";

async function listen(server: Server): Promise<{ port: number; [Symbol.asyncDispose](): Promise<void> }> {
  const sockets = new Set<Socket>();
  server.on("connection", (socket: Socket) => sockets.add(socket)).listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    [Symbol.asyncDispose]: async () => {
      const closed = once(server, "close");
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

describe("check_http", () => {
  const rows: readonly [string, string, number, boolean, string][] = [
    ["200 as wanted", "/", 200, true, ""],
    ["204 as wanted", "/204", 204, true, ""],
    ["401 as wanted", "/401", 401, true, ""],
    ["a redirect is not followed to a better answer", "/302", 200, false, "answered with status 302, not 200"],
    ["a redirect as wanted", "/302", 302, true, ""],
    ["500", "/500", 200, false, "answered with status 500, not 200"],
    ["a query", "/204?a=b&c=$HOME", 204, true, ""],
  ];
  for (const [what, path, status, passes, why] of rows) {
    test(what, async () => {
      const server = createHttpServer({ keepAlive: false }, (request, response) => {
        response.writeHead(Number(/^\/(\d+)/.exec(request.url ?? "")?.[1] ?? 200), { location: "/", connection: "close" }).end();
      });
      await using listening = await listen(server);
      await using guest = await guestShell();
      const { stdout, stderr } = await guest.run(["health"], `check_http ${listening.port} '${path}' ${status}; echo $?`);
      assert.equal(stdout, passes ? "0\n" : "1\n");
      assert.ok(stderr.includes(why), stderr);
    });
  }
  test("fails for an answer that is not HTTP", async () => {
    await using listening = await listen(createServer((socket) => socket.end("hello\n").on("error", () => {})));
    await using guest = await guestShell();
    assert.equal((await guest.run(["health"], `check_http ${listening.port} / 200; echo $?`)).stdout, "1\n");
  });
});

test("check_tcp passes only if the port is open", async () => {
  await using guest = await guestShell();
  const listening = await listen(createServer((socket) => socket.on("error", () => {})));
  const check = () => guest.run(["health"], `check_tcp ${listening.port}; echo $?`).then(({ stdout }) => stdout);
  assert.equal(await check(), "0\n");
  await listening[Symbol.asyncDispose]();
  assert.equal(await check(), "1\n");
});

describe("limited_check", () => {
  const rows: readonly [string, string, string][] = [
    ["it passes", "check() { true; }", "0"],
    ["it fails and says why", "check() { echo not yet >&2; return 3; }", "1 not yet"],
    ["it fails silently", "check() { return 3; }", "1 exit status 3"],
    ["it takes too long", "check() { nap 100; }", "1 no answer within 0.1 s"],
  ];
  for (const [what, check, want] of rows) {
    test(what, async () => {
      await using guest = await guestShell();
      const { stdout } = await guest.run(
        ["console", "wait", "health"],
        `open_events test; id=x check_timeout=0.1; ${check}; why=; limited_check; echo $? $why`,
      );
      assert.equal(stdout, `${want}\n`);
    });
  }
});

describe("check_forever", () => {
  const rows: readonly [string, string, string][] = [
    ["the allowed number of failures does not count", "1 1 0 1 1 0", ""],
    ["one more is unhealthy, once", "1 1 1 1", "service web unhealthy 3 checks in a row failed: sick"],
    ["and healthy again", "1 1 1 0", "service web unhealthy 3 checks in a row failed: sick|service web healthy|healthy"],
  ];
  for (const [what, results, want] of rows) {
    test(what, async () => {
      await using guest = await guestShell();
      await mkdir(join(guest.folder, "services"));
      const script = `name=web interval=0 retries=3 results='${results}'
        nap() { :; }
        say() { echo "$*"; }
        limited_check() {
          why=sick
          [ "$results" ] || exit
          result=\${results%% *}
          case $results in *' '*) results=\${results#* } ;; *) results= ;; esac
          return "$result"
        }
        check_forever`;
      const { stdout } = await guest.run(["console", "wait", "health"], script);
      assert.equal(stdout.trim().replaceAll("\n", "|"), want);
    });
  }
});

describe("GET /healthz", () => {
  const ask = async (request: string, states: Record<string, string>) => {
    await using guest = await guestShell();
    await mkdir(join(guest.folder, "services"));
    for (const [name, state] of Object.entries(states)) await writeFile(join(guest.folder, "services", name), `${state}\n`);
    const { stdout } = await runShell(moved(ANSWER, guest.folder), guest.folder, request);
    const [head = "", body = ""] = stdout.split("\r\n\r\n");
    if (!request.startsWith("HEAD")) assert.equal(Number(/content-length: (\d+)/i.exec(head)?.[1]), body.length);
    return [head.split("\r\n")[0], body];
  };
  const GET = "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n";
  const rows: readonly [string, string, Record<string, string>, string, string][] = [
    ["all is well", GET, { web: "ok", db: "ok" }, "200 OK", "ok\n"],
    ["no service", GET, {}, "200 OK", "ok\n"],
    [
      "two are not",
      GET,
      { web: "unhealthy", a: "ok", db: "down, exit status 7" },
      "503 Service Unavailable",
      "db: down, exit status 7\nweb: unhealthy\n",
    ],
    ["only the head", GET.replace("GET", "HEAD"), { web: "ok" }, "200 OK", ""],
    ["a query", GET.replace("healthz", "healthz?deep=1"), { web: "ok" }, "200 OK", "ok\n"],
    ["another path", GET.replace("healthz", "healthzz"), { web: "ok" }, "404 Not Found", "only /healthz\n"],
    ["another method", GET.replace("GET", "DELETE"), { web: "ok" }, "405 Method Not Allowed", "only GET\n"],
    ["HTTP/1.0 with bare line feeds", "GET /healthz HTTP/1.0\n\n", { web: "ok" }, "200 OK", "ok\n"],
    ["headers without end", `GET /healthz HTTP/1.1\r\n${"X: y\r\n".repeat(1000)}`, { web: "ok" }, "200 OK", "ok\n"],
  ];
  for (const [what, request, states, status, body] of rows) {
    test(what, async () => assert.deepEqual(await ask(request, states), [`HTTP/1.1 ${status}`, body]));
  }
  test("shell syntax in a request is not run", async () => {
    assert.deepEqual(await ask("GET $(echo /healthz) HTTP/1.1\r\n\r\n", {}), ["HTTP/1.1 404 Not Found", "only /healthz\n"]);
  });
  test("its container has only the states of the guest", () => {
    const config = healthzFiles(8080).find(({ path }) => path.endsWith("config.json"))?.contents ?? "";
    const { mounts, process, root } = JSON.parse(config) as {
      mounts: { source: string; options: string[] }[];
      process: { user: { uid: number }; args: string[]; noNewPrivileges: boolean };
      root: object;
    };
    assert.deepEqual(
      mounts.map(({ source, options }) => [source, options.includes("ro")]),
      [
        ["/bin/busybox", true],
        ["/run/linuxkit/services", true],
      ],
    );
    assert.deepEqual(root, { path: "rootfs", readonly: true });
    assert.equal(process.user.uid, 65534);
    assert.ok(process.noNewPrivileges && process.args.includes("8080"));
  });
});
