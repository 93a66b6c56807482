import assert from "node:assert/strict";
import { access, mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { macOf } from "../../providers/qemu/plugin/arguments.ts";
import { listMachineFolders } from "../../providers/qemu/plugin/machine-folder.ts";
import { removeNetworkFolder } from "../../providers/qemu/plugin/network-folder.ts";
import { identify } from "../../providers/qemu/plugin/process-id.ts";
import { discard } from "../../providers/qemu/plugin/start.ts";
import { makeStack } from "../support/engine.ts";
import type { Outcome } from "../support/engine-operation.ts";
import { processesWith } from "./machine-run.ts";

const home = await mkdtemp(join(tmpdir(), "fleet-network-"));
after(() => rm(home, { recursive: true, force: true }));

const page = (name: string, ...lines: string[]) => ({
  path: `www/cgi-bin/${name}`,
  mode: "0755",
  contents: ["#!/bin/sh", "printf 'Content-Type: text/plain\\r\\n\\r\\n'", ...lines, ""].join("\n"),
});
const CURL = "curl --silent --show-error --connect-timeout 3 --max-time 30";

/** A machine says its name, asks another by name, and asks the first two of the fleet at once; each answer is a line. */
const PAGES = [
  page("me", 'echo "$(cat /run/config/hostname) $(cat /www/version)"'),
  page("ask", `${CURL} "http://$QUERY_STRING/cgi-bin/me" 2>&1`),
  page(
    "both",
    `for name in web-0 web-1; do { answer=$(${CURL} "http://$name/cgi-bin/me") && echo "$name: $answer"; } 2>/dev/null & done`,
    "wait",
  ),
];

interface Variant {
  readonly version: string;
  readonly count: number;
  readonly hosts: object;
  /** The name in the program of the machine beside the fleet. */
  readonly name: string;
}

/** A fleet, and a machine beside it that never changes. */
const program = ({ version = "one", count = 2, hosts = {}, name = "beside" }: Partial<Variant> = {}): string => `
import { debian, Image, Kernel, OnbootTask, Service } from "pulumi-linuxkit";
import { Fleet, Machine, Network } from "pulumi-linuxkit/qemu";

const cidr = "10.78.21.0/24";
const os = (version) =>
  new Image({
    kernel: new Kernel({ image: debian.kernel(), cmdline: "console=ttyS0 quiet" }),
    init: [debian.init()],
    onboot: [new OnbootTask("dhcp", { image: debian.dhcp() })],
    services: [
      new Service("web", {
        image: debian.packages({
          // BusyBox's own client cannot look up names
          packages: ["busybox-static", "curl"],
          files: [{ path: "bin/sh", symlink: "busybox" }, ...${JSON.stringify(PAGES)}, { path: "www/version", contents: version }],
          command: ["busybox", "httpd", "-f", "-p", "80", "-h", "/www"],
        }),
        capabilities: ["CAP_NET_BIND_SERVICE"],
        binds: ["/run/config:/run/config:ro"],
        egress: [{ to: cidr, port: 80 }],
        health: { tcp: { port: 80 }, interval: 1 },
        stopTimeout: 1,
      }),
    ],
  });
const network = new Network("lan", { cidr, hosts: { m1: "10.78.21.11", ...${JSON.stringify(hosts)} }, fleets: { web: "10.78.21.21-10.78.21.24" } });
const machine = new Machine(${JSON.stringify(name)}, { image: os("one"), network, hostname: "m1", publish: ["0:80"] });
const fleet = new Fleet("web", { image: os(${JSON.stringify(version)}), count: ${count}, network, publish: ["0:80"] });
export const url = machine.url;
export const urls = fleet.urls;
export const bootIds = fleet.machines.apply((machines) => machines.map(({ bootId }) => bootId));
`;

interface Outputs {
  readonly url: string;
  readonly urls: readonly string[];
  readonly bootIds: readonly string[];
}

const MACS = [21, 22, 23, 24].map((number) => macOf(`10.78.21.${number}`));
const changed = ({ steps }: Outcome) => steps.filter(({ op }) => op !== "same").map(({ op, type }) => `${op} ${type.split(":").at(-1)}`);

async function told(url: string): Promise<string> {
  const answer = await fetch(url, { signal: AbortSignal.timeout(60_000) });
  return answer.text();
}

/** What a machine heard of the fleet while `act` ran, one text for each time that it asked; and the most machines of one address. */
async function heardDuring<T>(
  url: string,
  act: Promise<T>,
): Promise<{ readonly outcome: T; readonly heard: string[]; readonly most: number }> {
  let isOver = false;
  const heard: string[] = [];
  let most = 0;
  const ask = async (): Promise<void> => {
    while (!isOver) heard.push(await told(`${url}/cgi-bin/both`));
  };
  const look = async (): Promise<void> => {
    for (; !isOver; await sleep(100)) most = Math.max(most, ...(await Promise.all(MACS.map(processesWith))).map(({ length }) => length));
  };
  const ended = act.finally(() => {
    isOver = true;
  });
  const [outcome] = await Promise.all([ended, ask(), ask(), look()]);
  return { outcome, heard, most };
}

test("the machines of a fleet know each other and are known by name, while they are replaced one by one, come and go", {
  timeout: 900_000,
}, async (t) => {
  const stateDir = join(home, "state");
  await using stack = await makeStack({ files: { "index.js": program() }, env: { PULUMI_LINUXKIT_STATE: stateDir } });
  await using _ = {
    async [Symbol.asyncDispose]() {
      for (const { id } of await listMachineFolders(stateDir)) await discard(id, stateDir);
      const networks = join(stateDir, "networks");
      for (const id of await readdir(networks).catch(() => [])) await removeNetworkFolder(join(networks, id), stateDir);
    },
  };
  const outputs = async () => (await stack.outputs()) as unknown as Outputs;
  const refused = async (text: string, wanted: RegExp): Promise<void> => {
    await stack.write("index.js", text);
    const { status, text: output } = await stack.run("preview");
    assert.notEqual(status, 0);
    // the engine breaks long lines
    assert.match(output.replace(/\s+/g, " "), wanted);
  };

  await refused(
    program({ hosts: { db: "10.78.21.22" } }),
    /fleets\.web: got "10\.78\.21\.21-10\.78\.21\.24", but db has 10\.78\.21\.22: wanted/,
  );
  await refused(program({ count: 5 }), /count: got 5, but the fleet has 4 addresses in its network/);

  await stack.write("index.js", program());
  await stack.up();
  const first = await outputs();
  assert.equal(await told(`${first.urls[0]}/cgi-bin/ask?web-1`), "web-1 one\n");
  assert.equal(await told(`${first.urls[1]}/cgi-bin/ask?web-0`), "web-0 one\n");
  assert.equal(await told(`${first.urls[1]}/cgi-bin/ask?m1`), "m1 one\n");
  assert.deepEqual(changed(await stack.up()), []);
  assert.deepEqual((await outputs()).bootIds, first.bootIds);

  // the engine starts what is new before it ends what is gone
  await stack.write("index.js", program({ name: "renamed" }));
  const renamed = await stack.run("up", "--yes", "--skip-preview");
  assert.notEqual(renamed.status, 0);
  assert.match(
    renamed.text.replace(/\s+/g, " "),
    /network\.address: got 10\.78\.21\.11\/24, which the machine beside-vm-\S+ has: wanted another/,
  );
  await stack.write("index.js", program());
  // what the failed update made before the machine
  assert.deepEqual(changed(await stack.up()).sort(), ["delete ImageBuild", "delete QemuMachine", "delete QemuMachineImage"]);
  assert.deepEqual((await outputs()).bootIds, first.bootIds);

  // another image
  await stack.write("index.js", program({ version: "two" }));
  const { outcome, heard, most } = await heardDuring(first.url, stack.up());
  assert.deepEqual(changed(outcome), ["update ImageBuild", "update RolloutGate"]);
  t.diagnostic(
    `asked ${heard.length} times while two machines were replaced; ${heard.filter((text) => !/\n.*\n/.test(text)).length} had one answer`,
  );
  assert.deepEqual(
    heard.filter((text) => !/^((web-[01]): \2 (one|two)\n){1,2}$/.test(text)),
    [],
    "each time some machine answered, and under its own name",
  );
  assert.ok(
    heard.some((text) => !/\n.*\n/.test(text)),
    "one was away at a time",
  );
  assert.equal(most, 1, "machines of one address");
  const both = (await told(`${first.url}/cgi-bin/both`)).trim().split("\n");
  assert.deepEqual(both.sort(), ["web-0: web-0 two", "web-1: web-1 two"]);
  const second = await outputs();
  assert.deepEqual(second.urls, first.urls);

  // one more, which the machines that run know already; then only the first
  await stack.write("index.js", program({ version: "two", count: 3 }));
  assert.deepEqual(changed(await stack.up()), ["update RolloutGate"]);
  const third = await outputs();
  assert.deepEqual(third.bootIds.slice(0, 2), second.bootIds);
  assert.equal(await told(`${first.url}/cgi-bin/ask?web-2`), "web-2 two\n");
  assert.equal(await told(`${third.urls[2]}/cgi-bin/ask?web-0`), "web-0 two\n");
  await stack.write("index.js", program({ version: "two", count: 1 }));
  assert.deepEqual(changed(await stack.up()), ["update RolloutGate"]);
  assert.deepEqual((await outputs()).bootIds, second.bootIds.slice(0, 1));
  assert.equal(await told(`${first.url}/cgi-bin/both`), "web-0: web-0 two\n");

  const [network = ""] = await readdir(join(stateDir, "networks"));
  const { pid } = JSON.parse(await readFile(join(stateDir, "networks", network, "switch.json"), "utf8")) as { pid: number };
  await stack.destroy();
  await assert.rejects(access(stateDir), { code: "ENOENT" });
  assert.equal(await identify(pid), undefined);
  assert.deepEqual((await Promise.all(MACS.map(processesWith))).flat(), []);
});
