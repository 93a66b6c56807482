import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtemp, readdir, readFile, rm, stat } from "node:fs/promises";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, describe, test } from "node:test";
import { macOf } from "../../providers/qemu/plugin/arguments.ts";
import { type MachineRecord, makeMachineFolder, removeMachineFolder, self } from "../../providers/qemu/plugin/machine-folder.ts";
import { qemuNetwork } from "../../providers/qemu/plugin/network.ts";
import { checkAddress, usersOfNetwork } from "../../providers/qemu/plugin/network-users.ts";
import { identify, waitForEnd } from "../../providers/qemu/plugin/process-id.ts";
import { fleetMembership, membership, Network } from "../../providers/qemu/network.ts";

const scratch = await mkdtemp(join(tmpdir(), "qemu-network-"));
after(() => rm(scratch, { recursive: true, force: true }));
const call = { urn: "urn:pulumi:dev::shop::linuxkit:index:QemuNetwork::lan", name: "lan", timeoutSeconds: 60, config: {} };
const INPUTS = { cidr: "10.77.0.0/24", hosts: { m1: "10.77.0.11" } };
const work = { ...call, signal: new AbortController().signal, progress: () => {} };

/** Of a machine that runs. */
const RECORD = { version: 1, urn: "urn", phase: "running", nonce: "n", publish: [], accelerator: "tcg" };

/** A network, deleted at the end. */
async function network(name: string) {
  const stateDir = join(scratch, name);
  const type = qemuNetwork({ stateDir, cacheDir: scratch });
  const { id, outputs } = await type.create({ ...work, inputs: INPUTS });
  const remove = async () => type.delete?.({ ...work, id, inputs: INPUTS, outputs });
  return { type, stateDir, id, outputs, remove, [Symbol.asyncDispose]: async () => void (await remove()) };
}

const BROADCAST = "ffffffffffff";
const frame = (to: string, from: string, text: string): Buffer => {
  const body = Buffer.concat([Buffer.from(`${to}${from}0800`, "hex"), Buffer.from(text)]);
  const size = Buffer.alloc(4);
  size.writeUInt32BE(body.length);
  return Buffer.concat([size, body]);
};

/** What a machine's card sends and receives. */
async function card(socket: string) {
  const port: Socket = connect(socket);
  await once(port, "connect");
  let received = Buffer.alloc(0);
  port.on("data", (chunk: Buffer) => {
    received = Buffer.concat([received, chunk]);
  });
  port.on("error", () => {});
  const until = async (text: string): Promise<string> => {
    const limit = AbortSignal.timeout(20_000);
    while (!received.toString("latin1").includes(text)) await once(port, "data", { signal: limit });
    return received.toString("latin1");
  };
  return { port, send: (bytes: Buffer) => port.write(bytes), until, [Symbol.dispose]: () => port.destroy() };
}

describe("a network", { timeout: 120_000 }, () => {
  test("is created, read, started again after its switch has ended, and deleted without a trace", async () => {
    await using lan = await network("life");
    const folder = dirname(lan.outputs.socket);
    assert.equal((await stat(folder)).mode & 0o777, 0o700);
    assert.equal((await stat(lan.outputs.socket)).mode & 0o777, 0o600);
    assert.deepEqual(await lan.type.read?.({ ...work, id: lan.id }), { id: lan.id, outputs: lan.outputs, inputs: INPUTS });

    const { pid } = JSON.parse(await readFile(join(folder, "switch.json"), "utf8")) as { pid: number };
    const runs = (await identify(pid)) ?? assert.fail("no switch runs");
    process.kill(pid, "SIGKILL");
    // a process loses its program a moment before its end
    assert.ok(await waitForEnd(runs, 10_000));
    const ended = (await lan.type.read?.({ ...work, id: lan.id }))?.outputs;
    assert.equal(ended?.running, false);
    const drifted = await lan.type.diff?.({
      ...work,
      id: lan.id,
      inputs: INPUTS,
      oldInputs: INPUTS,
      oldOutputs: { ...lan.outputs, running: false },
    });
    assert.deepEqual([...(drifted?.drifted ?? [])], [["running", "update"]]);
    const again = await lan.type.update?.({ ...work, id: lan.id, inputs: INPUTS, oldInputs: INPUTS, oldOutputs: lan.outputs });
    assert.deepEqual(again?.outputs, lan.outputs);

    await lan.remove();
    await assert.rejects(readdir(lan.stateDir), { code: "ENOENT" });
    assert.equal(await lan.type.read?.({ ...work, id: lan.id }), undefined);
  });

  test("stays where it was made, and is not deleted while a machine runs in it", async () => {
    await using lan = await network("used");
    const elsewhere = qemuNetwork({ stateDir: join(scratch, "elsewhere"), cacheDir: scratch });
    assert.deepEqual((await elsewhere.read?.({ ...work, id: lan.id, outputs: lan.outputs }))?.outputs, lan.outputs);
    const record = { ...RECORD, maker: await self(), machine: await self(), inputs: { network: { socket: lan.outputs.socket } } };
    await makeMachineFolder(lan.stateDir, "web-1f2e3d4c-9a8b7c6d", record as MachineRecord);
    await assert.rejects(async () => elsewhere.delete?.({ ...work, id: lan.id, inputs: INPUTS, outputs: lan.outputs }), {
      code: "UNSUPPORTED",
      message: /the machine web-1f2e3d4c-9a8b7c6d runs in it/,
    });
    await removeMachineFolder(lan.stateDir, "web-1f2e3d4c-9a8b7c6d");
  });

  test("carries a frame to its machine, one for all to all, and none to others once it knows", async () => {
    await using lan = await network("frames");
    using one = await card(lan.outputs.socket);
    using two = await card(lan.outputs.socket);
    using three = await card(lan.outputs.socket);
    const [a, b, c] = ["020000000001", "020000000002", "020000000003"];
    two.send(frame(BROADCAST, b, "second"));
    three.send(frame(BROADCAST, c, "third"));
    await Promise.all([one.until("second"), one.until("third")]);
    one.send(frame(BROADCAST, a, "to all"));
    await Promise.all([two.until("to all"), three.until("to all")]);
    two.send(frame(a, b, "back"));
    await one.until("back");
    // in two pieces, as a stream gives them
    const whole = frame(b, a, "to one");
    one.send(whole.subarray(0, 9));
    one.send(whole.subarray(9));
    one.send(frame(BROADCAST, a, "last"));
    assert.match(await two.until("last"), /to one/);
    assert.doesNotMatch(await three.until("last"), /to one|back/);
  });

  test("ends the connection of a machine that sends no frames, and no other", async () => {
    await using lan = await network("wrong");
    using good = await card(lan.outputs.socket);
    using bad = await card(lan.outputs.socket);
    const closed = once(bad.port, "close");
    bad.send(Buffer.from("ffffffff00", "hex"));
    await closed;
    using other = await card(lan.outputs.socket);
    other.send(frame(BROADCAST, "020000000004", "still there"));
    await good.until("still there");
  });
});

test("an address is refused while another machine has it, or is being started with it", async () => {
  const stateDir = join(scratch, "addresses");
  const place = (number: number, socket = "/lan/switch") => ({ socket, address: `10.77.0.${number}/24`, hostname: `m${number}` });
  const me = await self();
  const gone = { ...me, started: "then" };
  const machines: readonly (readonly [id: string, more: object])[] = [
    ["runs", { machine: me, maker: gone, inputs: { network: place(11) } }],
    ["starts", { phase: "starting", maker: me, inputs: { network: place(12) } }],
    ["restarts", { phase: "restarting", maker: me, inputs: { network: place(13) } }],
    ["stopped", { machine: gone, maker: me, inputs: { network: place(14) } }],
    ["aside", { maker: me, inputs: { network: place(15) } }],
    ["left", { phase: "starting", maker: gone, inputs: { network: place(16) } }],
    ["elsewhere", { machine: me, maker: me, inputs: { network: place(17, "/other/switch") } }],
    ["alone", { machine: me, maker: me, inputs: {} }],
  ];
  for (const [id, more] of machines) await makeMachineFolder(stateDir, id, { ...RECORD, ...more } as unknown as MachineRecord);
  const users = (await usersOfNetwork("/lan/switch", stateDir)).map(({ id }) => id);
  assert.deepEqual(users.sort(), ["restarts", "runs", "starts"]);
  for (const [number, id] of [
    [11, "runs"],
    [12, "starts"],
    [13, "restarts"],
  ] as const) {
    await checkAddress(place(number), id, stateDir);
    await assert.rejects(checkAddress(place(number), "new", stateDir), {
      code: "INVALID_DEFINITION",
      message: new RegExp(
        `^network\\.address: got 10\\.77\\.0\\.${number}/24, which the machine ${id} has: wanted another address; or end that`,
      ),
    });
  }
  for (const number of [14, 15, 16, 17, 18]) await checkAddress(place(number), "new", stateDir);
});

test("the address of a card follows from the machine's own", () => {
  assert.equal(macOf("10.77.0.11/24"), "02:00:0a:4d:00:0b");
});

describe("what a network refuses", () => {
  const fleets = (web: unknown, more = {}) => ({ cidr: "10.77.0.0/24", fleets: { web }, ...more });
  const ROWS: readonly (readonly [args: object, message: RegExp])[] = [
    [{ cidr: "10.77.0.0", hosts: {} }, /^network "lan": cidr: got "10\.77\.0\.0", wanted an IPv4 network of 8 to 30 bits/],
    [{ cidr: "10.77.0.0/31", hosts: {} }, /cidr: got "10\.77\.0\.0\/31", wanted/],
    [{ cidr: "fd00::/64", hosts: {} }, /cidr: got "fd00::\/64", wanted/],
    [{ cidr: "10.77.0.0/24", hosts: { m1: "10.78.0.1" } }, /hosts\.m1: got "10\.78\.0\.1", wanted an address in 10\.77\.0\.0\/24/],
    [{ cidr: "10.77.0.0/24", hosts: { m1: "10.77.0.255" } }, /hosts\.m1: got "10\.77\.0\.255", wanted .* neither its first nor its last/],
    [{ cidr: "10.77.0.0/24", hosts: { m1: "10.77.0.0" } }, /hosts\.m1: got "10\.77\.0\.0", wanted/],
    [{ cidr: "10.77.0.0/24", hosts: { m1: "10.77.0.1", m2: "10.77.0.1" } }, /hosts\.m2: got "10\.77\.0\.1", which m1 has: wanted another/],
    [{ cidr: "10.77.0.0/24", hosts: { "m 1": "10.77.0.1" } }, /hosts.*got a name that is none of a host/],
    [{ cidr: "10.77.0.0/24", hosts: { "m1-": "10.77.0.1" } }, /hosts.*got a name that is none of a host/],
    [{ cidr: "10.77.0.0/24", hosts: { ["m".repeat(64)]: "10.77.0.1" } }, /got a name that is none of a host: .*, at most 63$/],
    [fleets("10.77.0.21"), /^network "lan": fleets\.web: got "10\.77\.0\.21", wanted its first and its last address, as "10\.77\.0\.1-/],
    [fleets("10.77.0.21-"), /fleets\.web: got "10\.77\.0\.21-", wanted its first/],
    [fleets("10.77.0.21-10.77.0.22-10.77.0.23"), /fleets\.web: got .*, wanted its first/],
    [fleets("10.77.0.22-10.77.0.21"), /fleets\.web: got .*, wanted its first/],
    [fleets("10.77.0.0/28"), /fleets\.web: got .*, wanted its first/],
    [fleets(21), /fleets\.web: got 21, wanted its first/],
    [fleets("10.77.0.250-10.77.0.255"), /fleets\.web: got .*, wanted addresses in 10\.77\.0\.0\/24, neither its first nor its last/],
    [fleets("10.76.0.250-10.77.0.10"), /fleets\.web: got .*, wanted addresses in/],
    [fleets("10.77.0.1-10.77.0.101"), /fleets\.web: got .*, which are 101 addresses, wanted at most 100/],
    [
      fleets("10.77.0.9-10.77.0.12", { hosts: { m1: "10.77.0.11" } }),
      /fleets\.web: got "10\.77\.0\.9-10\.77\.0\.12", but m1 has 10\.77\.0\.11: wanted a range without it, or another address of m1$/,
    ],
    [
      { cidr: "10.77.0.0/24", fleets: { web: "10.77.0.21-10.77.0.22", db: "10.77.0.22-10.77.0.23" } },
      /fleets\.db: got .*, but web-1 has 10\.77\.0\.22: wanted/,
    ],
    [
      fleets("10.77.0.21-10.77.0.22", { hosts: { "web-1": "10.77.0.11" } }),
      /hosts\.web-1: got the name of a machine of fleets\.web, wanted another$/,
    ],
    [{ cidr: "10.77.0.0/24", fleets: { Web: "10.77.0.21-10.77.0.22" } }, /fleets\.Web: got a name that is none of a host: .*, at most 60$/],
  ];
  for (const [args, message] of ROWS)
    test(String(message), () => assert.throws(() => new Network("lan", args as never), { code: "INVALID_DEFINITION", message }));

  test("a machine whose name it does not have", () => {
    const lan = { cidr: "10.77.0.0/24", hosts: { m1: "10.77.0.11", m2: "10.77.0.12" } } as unknown as Network;
    assert.deepEqual(membership("machine", lan, "m1"), {
      address: "10.77.0.11/24",
      hosts: "127.0.0.1 localhost\n10.77.0.11 m1\n10.77.0.12 m2\n",
    });
    assert.throws(() => membership('machine "a"', lan, "web"), { message: /^machine "a": hostname: got "web", wanted a name .*: m1, m2$/ });
    assert.throws(() => membership('machine "a"', lan, undefined), { message: /got nothing, wanted a name/ });
    assert.throws(() => membership('machine "a"', lan, "m1"), {
      message: 'machine "a": hostname: got "m1", which machine has: wanted another',
    });
  });

  test("a fleet whose name it does not have, or another fleet has", () => {
    const fleets = { web: "10.77.0.21-10.77.0.23", web2: "10.77.0.31-10.77.0.31" };
    const lan = { cidr: "10.77.0.0/24", hosts: { web: "10.77.0.11" }, fleets } as unknown as Network;
    const hosts = "127.0.0.1 localhost\n10.77.0.11 web\n10.77.0.21 web-0\n10.77.0.22 web-1\n10.77.0.23 web-2\n10.77.0.31 web2-0\n";
    assert.deepEqual(fleetMembership('fleet "a"', lan, "web"), { address: "10.77.0.21/24", addresses: 3, hosts });
    // a machine of the bare name is another
    assert.deepEqual(membership('machine "b"', lan, "web"), { address: "10.77.0.11/24", hosts });
    assert.throws(() => fleetMembership('fleet "c"', lan, "web"), {
      code: "INVALID_DEFINITION",
      message: 'fleet "c": hostname: got "web", which fleet "a" has: wanted another',
    });
    assert.throws(() => fleetMembership('fleet "c"', lan, "weeb"), {
      message: 'fleet "c": hostname: got "weeb", wanted a name of the network\'s fleets: web, web2: did you mean "web"?',
    });
    assert.throws(() => fleetMembership('fleet "c"', lan, "web-0"), {
      message: /got "web-0", wanted a name of the network's fleets: web, web2/,
    });
    assert.throws(() => membership('machine "c"', lan, "web-0"), { message: /got "web-0", wanted a name of the network's hosts: web/ });
    assert.throws(() => fleetMembership('fleet "c"', { ...lan, fleets: {} } as Network, "web"), {
      message: /wanted a name of the network's fleets, which has none: give it fleets: \{ web: "FIRST-LAST" \}$/,
    });
  });
});
