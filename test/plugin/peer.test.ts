import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import type { ServiceError } from "@grpc/grpc-js";
import { findRow } from "../../sdk/plugin/peer.ts";
import { loadProtos } from "../../sdk/plugin/protos.ts";

const protos = loadProtos();
const home = mkdtempSync(join(tmpdir(), "plugin-peer-"));
mkdirSync(join(home, "pulumi"));
after(() => rmSync(home, { recursive: true }));

/** The first line that a script of Node prints. It ends with the test. */
async function firstLine(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<number> {
  const child = spawn(process.execPath, args, { env: { ...process.env, ...env }, stdio: ["ignore", "pipe", "inherit"] });
  after(() => child.kill("SIGKILL"));
  const [line] = (await Promise.race([once(child.stdout, "data"), once(child, "exit")])) as [unknown];
  return Number(String(line));
}

const plugin = (env: NodeJS.ProcessEnv = {}): Promise<number> => {
  const module = new URL("../support/probe-plugin.ts", import.meta.url).pathname;
  return firstLine([module], { PULUMI_HOME: join(home, "pulumi"), PULUMI_LINUXKIT_ATTACH: "", ...env });
};

/** Another process that passes on what it receives, as QEMU does for a guest. */
const relay = (to: number): Promise<number> =>
  firstLine([
    "-e",
    `const { createServer, connect } = require("node:net");
     const server = createServer((one) => { const other = connect(${to}, "127.0.0.1"); one.pipe(other).pipe(one); });
     server.listen(0, "127.0.0.1", () => console.log(server.address().port));`,
  ]);

/** What the plugin answers: its version, or why it does not. */
function ask(port: number): Promise<string> {
  const client = new protos.providerService.ResourceProviderClient(`127.0.0.1:${port}`, protos.grpc.credentials.createInsecure());
  return new Promise<string>((resolve) => {
    client.getPluginInfo(new protos.empty.Empty(), (error: ServiceError | null, info?: { getVersion(): string }) =>
      resolve(error ? `${error.code} ${error.details}` : (info?.getVersion() ?? "")),
    );
  }).finally(() => client.close());
}

describe("a plugin answers", { skip: process.platform !== "linux" && "only Linux tells who has a socket" }, () => {
  test("the process that started it, and no other", async () => {
    const port = await plugin();
    assert.equal(await ask(port), "0.1.0");
    assert.match(await ask(await relay(port)), /^7 this plugin answers the engine that started it.*PULUMI_LINUXKIT_ATTACH=1/);
    assert.equal(await ask(port), "0.1.0");
  });

  test("any process of its user, where a person asks for that", async () => {
    const port = await plugin({ PULUMI_LINUXKIT_ATTACH: "1" });
    assert.equal(await ask(await relay(port)), "0.1.0");
  });
});

test("a socket is found by its own port and its peer's, with an address of either family", () => {
  const rows = [
    "0: 0100007F:1F90 00000000:0000 0A 0:0 0:0 0 0 0 11",
    "1: 0100007F:C001 0100007F:1F90 01 0:0 0:0 0 1000 0 12",
    "2: 0000000000000000FFFF00000100007F:C002 0000000000000000FFFF00000100007F:1F90 01 0:0 0:0 0 1001 0 13",
    "3: 0A00020F:C003 0100007F:1F90 01 0:0 0:0 0 0 0 14",
    "",
  ].map((line) => line.split(" "));
  assert.deepEqual(findRow(rows, 0xc001, 0x1f90), { uid: 1000, link: "socket:[12]" });
  assert.deepEqual(findRow(rows, 0xc002, 0x1f90), { uid: 1001, link: "socket:[13]" });
  for (const [own, peer] of [
    [0x1f90, 0xc001] as const,
    [0xc003, 0x1f90] as const,
    [0xc001, 0x1f91] as const,
    [Number.NaN, 0x1f90] as const,
  ])
    assert.equal(findRow(rows, own, peer), undefined);
});
