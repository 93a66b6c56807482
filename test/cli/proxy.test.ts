import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { proxyAction } from "../../sdk/core/proxy.ts";

const BIN = fileURLToPath(new URL("../../bin/", import.meta.url));
const CLIENTS = new URL("../../providers/aws/plugin/access/clients.ts", import.meta.url).href;

describe("a proxy of the environment", { timeout: 60_000 }, () => {
  const asked: string[] = [];
  // it lets nothing through
  const proxy = createServer().on("connect", ({ url = "" }: IncomingMessage, socket: Socket) => {
    asked.push(url);
    socket.on("error", () => {});
    socket.end("HTTP/1.1 403 Forbidden\r\n\r\n");
  });
  let env: NodeJS.ProcessEnv;

  before(async () => {
    await once(proxy.listen(0, "127.0.0.1"), "listening");
    const url = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
    env = { ...process.env, HTTPS_PROXY: url, HTTP_PROXY: url, NO_PROXY: "", NODE_USE_ENV_PROXY: undefined };
  });
  after(() => proxy.close());

  const run = (...args: string[]) => spawn(process.execPath, args, { env, timeout: 30_000, stdio: ["ignore", "pipe", "pipe"] });

  test("is used by the command", async () => {
    asked.length = 0;
    const reference = `registry.invalid/os@sha256:${"0".repeat(64)}`;
    const command = run(join(BIN, "pulumi-linuxkit"), "pull", reference);
    let said = "";
    command.stderr.setEncoding("utf8").on("data", (text: string) => {
      said += text;
    });
    await once(proxy, "connect");
    command.kill("SIGINT");
    await once(command, "close");
    assert.equal(asked[0], "registry.invalid:443");
    assert.doesNotMatch(said, /ExperimentalWarning/);
  });

  test("is not used for this host", async () => {
    asked.length = 0;
    const registry = createServer((_, response) => response.writeHead(404).end());
    await once(registry.listen(0, "127.0.0.1"), "listening");
    const reference = `127.0.0.1:${(registry.address() as AddressInfo).port}/os@sha256:${"0".repeat(64)}`;
    const [status] = await once(run(join(BIN, "pulumi-linuxkit"), "pull", reference), "close");
    registry.close();
    assert.equal(status, 1);
    assert.deepEqual(asked, []);
  });

  test("is used by the plugin, which stays the process that the engine started", async () => {
    const plugin = run(join(BIN, "pulumi-resource-linuxkit"));
    const [port] = (await once(plugin.stdout, "data")) as [Buffer];
    assert.match(port.toString(), /^\d+\n$/);
    assert.match(readFileSync(`/proc/${plugin.pid}/environ`, "latin1"), /(^|\0)NODE_USE_ENV_PROXY=1\0/);
    plugin.kill();
    await once(plugin, "close");
  });

  test("is used by the clients of AWS, whose agents are their own", async () => {
    asked.length = 0;
    const script = `
      const { awsClients } = await import(${JSON.stringify(CLIENTS)});
      const { sts } = awsClients({ region: "eu-central-1", accessKey: "a", secretKey: "b" });
      const { GetCallerIdentityCommand } = await import("@aws-sdk/client-sts");
      await sts.send(new GetCallerIdentityCommand({})).catch(() => {});`;
    env = { ...env, NODE_USE_ENV_PROXY: "1" };
    const client = spawn(process.execPath, ["--input-type=module", "-e", script], { cwd: BIN, env, timeout: 30_000, stdio: "ignore" });
    await once(proxy, "connect");
    client.kill();
    await once(client, "close");
    assert.equal(asked[0], "sts.eu-central-1.amazonaws.com:443");
  });
});

test("what is done about a proxy: the user's own word counts, and a Node that has no proxy says so", () => {
  const proxied = { https_proxy: "http://proxy:3128" };
  assert.deepEqual(proxyAction({}, "24.1.0", true), { kind: "none" });
  assert.deepEqual(proxyAction({ HTTP_PROXY: "" }, "24.1.0", true), { kind: "none" });
  for (const own of ["0", "1", ""]) assert.equal(proxyAction({ ...proxied, NODE_USE_ENV_PROXY: own }, "24.1.0", true).kind, "none", own);
  for (const version of ["22.21.0", "22.30.1", "24.0.0", "26.1.0"])
    assert.equal(proxyAction(proxied, version, true).kind, "restart", version);
  for (const version of ["22.15.0", "22.20.0", "23.11.0"]) {
    const action = proxyAction(proxied, version, true);
    assert.ok(action.kind === "warn" && action.message.startsWith(`https_proxy is set, but Node ${version} uses no proxy`), version);
  }
  const noProxy = (own: NodeJS.ProcessEnv) => {
    const action = proxyAction({ ...proxied, ...own }, "24.1.0", true);
    return action.kind === "restart" ? action.env.no_proxy : action.kind;
  };
  assert.equal(noProxy({}), "localhost,127.0.0.1,[::1],169.254.169.254");
  assert.equal(noProxy({ NO_PROXY: ".corp" }), ".corp,localhost,127.0.0.1,[::1],169.254.169.254");
  assert.equal(noProxy({ NO_PROXY: ".corp", no_proxy: ".lab" }), ".lab,localhost,127.0.0.1,[::1],169.254.169.254");
  assert.equal(noProxy({ NO_PROXY: "*" }), "*");
  const windows = proxyAction(proxied, "24.1.0", false);
  assert.ok(windows.kind === "warn" && windows.message.includes("NODE_USE_ENV_PROXY=1"));
});
