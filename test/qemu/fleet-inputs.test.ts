import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { checkFleet, type FleetInputs, machineInputs } from "../../providers/qemu/plugin/fleet-inputs.ts";
import { importedFleet, isOfGeneration, newGeneration } from "../../providers/qemu/plugin/fleet-members.ts";
import { type Properties, UNKNOWN } from "../../sdk/plugin/value.ts";

const GOOD: Properties = { kind: "qemu", fleet: "web", count: 2, kernel: "/k", initrd: "/i", digest: "sha256:1" };
const fleet = (more: Properties = {}): FleetInputs => {
  const { inputs, failures } = checkFleet({ ...GOOD, ...more });
  assert.deepEqual(failures, []);
  return inputs as unknown as FleetInputs;
};

test("a fleet's inputs get their defaults", () => {
  assert.deepEqual(fleet({ publish: ["8080:80"] }), {
    ...GOOD,
    arch: "amd64",
    cmdline: "",
    memoryMiB: 256,
    cpus: 1,
    publish: ["127.0.0.1:8080:80/tcp"],
    maxUnavailable: 1,
    healthTimeout: 300,
  });
});

test("unknown values are not checked", () => {
  const { failures } = checkFleet({ ...GOOD, count: UNKNOWN, digest: UNKNOWN, publish: UNKNOWN, fleet: UNKNOWN });
  assert.deepEqual(failures, []);
});

/** A fleet's place in a network. */
const LAN = { socket: "/lan/switch", address: "10.77.0.21/24", addresses: 8, hostname: "web" };

describe("invalid inputs are refused by path", () => {
  const rows: readonly [Properties, string, RegExp][] = [
    [{ count: 0 }, "count", /^got 0, wanted a whole number of machines from 1 to 100$/],
    [{ count: undefined }, "count", /^missing, wanted a whole number/],
    [{ maxUnavailable: 0 }, "maxUnavailable", /^got 0/],
    [{ healthTimeout: "long" }, "healthTimeout", /^got "long"/],
    [{ fleet: "" }, "fleet", /wanted the fleet's name/],
    [{ memoryMiB: 1 }, "memoryMiB", /^got 1, wanted a whole number of MiB/],
    [{ disks: [] }, "disks", /^unknown property\b/],
    [{ waitForHealth: false }, "waitForHealth", /^unknown property\b/],
    [{ network: { ...LAN, address: "10.77.0.21" } }, "network.address", /^got "10\.77\.0\.21"/],
    [{ network: { ...LAN, hostname: "Web" } }, "network.hostname", /wanted a host's name/],
    [{ network: { ...LAN, hostname: "" } }, "network.hostname", /wanted a host's name/],
    [{ network: { ...LAN, addresses: 0 } }, "network.addresses", /^got 0, wanted a whole number of addresses/],
    [{ network: { socket: "/s", address: "10.77.0.21/24", hostname: "web" } }, "network.addresses", /^missing/],
    [{ arch: "s390x", network: LAN }, "network", /a machine of "s390x" has no firmware device/],
    [
      { count: 3, network: { ...LAN, addresses: 2 } },
      "count",
      /^got 3, but the fleet has 2 addresses in its network, from "10\.77\.0\.21\/24": wanted a longer range there$/,
    ],
    [{ publish: ["8080"] }, "publish[0]", /^got "8080", wanted/],
    [{ publish: ["65535:80"] }, "publish[0]", /the last of 2 machines would have the port 65536, wanted at most 65535/],
    [{ publish: ["8080:80", "8081:443"] }, "publish[1]", /with 2 machines port 8081 is published already: each machine takes the next one/],
  ];
  for (const [more, path, message] of rows) {
    test(`${path} of ${JSON.stringify(more)}`, () => {
      const failures = checkFleet({ ...GOOD, ...more }).failures ?? [];
      assert.deepEqual(
        failures.map((failure) => failure.path),
        [path],
      );
      assert.match(failures[0]?.message ?? "", message);
    });
  }
});

test("each machine takes the next ports, and its replacement keeps a port chosen as 0", () => {
  const inputs = fleet({ publish: ["8080:80", "0:443"], count: 3 });
  assert.deepEqual(machineInputs(inputs, 2).publish, ["127.0.0.1:8082:80/tcp", "127.0.0.1:0:443/tcp"]);
  assert.deepEqual(machineInputs(inputs, 0, ["127.0.0.1:8080:80/tcp", "127.0.0.1:40000:443/tcp"]).publish, [
    "127.0.0.1:8080:80/tcp",
    "127.0.0.1:40000:443/tcp",
  ]);
  assert.ok(!("count" in machineInputs(inputs, 0)) && !("kind" in machineInputs(inputs, 0)));
});

test("each machine of a network has the next address and its number in its name, which stay when the fleet grows", () => {
  const inputs = fleet({ network: LAN, hosts: "10.77.0.21 web-0\n", count: 2 });
  const place = (number: number) => ({ socket: "/lan/switch", address: `10.77.0.${21 + number}/24`, hostname: `web-${number}` });
  for (const count of [1, 2, 8])
    for (const slot of [0, 1, 7]) assert.deepEqual(machineInputs({ ...inputs, count }, slot).network, place(slot));
  assert.equal(machineInputs(inputs, 1).hosts, "10.77.0.21 web-0\n");
  assert.ok(!("network" in machineInputs(fleet(), 0)));
});

describe("a fleet whose addresses move", () => {
  const at = (number: number, more: Properties = {}): Properties => ({
    ...GOOD,
    network: { ...LAN, address: `10.77.0.${number}/24` },
    ...more,
  });
  // machines have 21 and 22
  const rows: readonly (readonly [what: string, given: Properties, before: Properties | undefined, wanted?: RegExp])[] = [
    ["is new", at(21), undefined],
    ["stays", at(21), at(21)],
    ["grows", at(21, { count: 8 }), at(21)],
    ["comes into a network", at(21), GOOD],
    ["leaves its network", GOOD, at(21)],
    ["moves beyond all of its own", at(23), at(21)],
    ["moves before all of its own", at(19), at(21)],
    ["moves to another network", at(22, { network: { ...LAN, address: "10.77.0.22/24", socket: "/other" } }), at(21)],
    ["moves to a network that is not known yet", at(22, { network: { ...LAN, address: "10.77.0.22/24", socket: UNKNOWN } }), at(21)],
    ["moves to addresses that are not known yet", at(21, { network: UNKNOWN }), at(21)],
    [
      "moves by one",
      at(22),
      at(21),
      /^got "10\.77\.0\.22\/24", but its machines have 10\.77\.0\.21 to 10\.77\.0\.22, .* begins with 10\.77\.0\.21, or/,
    ],
    ["moves back by one", at(20), at(21), /^got "10\.77\.0\.20\/24", but its machines have 10\.77\.0\.21 to/],
    ["moves and shrinks", at(22, { count: 1 }), at(21), /^got "10\.77\.0\.22\/24"/],
    ["moves and grows into its own", at(19, { count: 3 }), at(21), /^got "10\.77\.0\.19\/24"/],
  ];
  for (const [what, given, before, wanted] of rows)
    test(`${wanted ? "is refused if it" : "may be one that"} ${what}`, () => {
      const failures = checkFleet(given, undefined, before).failures ?? [];
      assert.deepEqual(
        failures.map(({ path }) => path),
        wanted ? ["network.address"] : [],
      );
      if (wanted) assert.match(failures[0]?.message ?? "", wanted);
    });
});

test("a fleet is imported with the place of its first machine that is left", () => {
  const inputs = { ...machineInputs(fleet({ network: LAN, count: 3 }), 1), disks: [] };
  const folder = { id: "web-1-1f2e3d4c-9a8b7c6d", path: "/", record: { inputs } };
  const members = [1, 2].map((slot) => ({ folder, slot, generation: "" })) as unknown as Parameters<typeof importedFleet>[1];
  const { network, fleet: name } = importedFleet("web-1f2e3d4c-9a8b7c6d", members);
  assert.deepEqual([name, network], ["web", { ...LAN, addresses: 2 }]);
});

test("a machine's generation shows whether it is up to date, and does not reveal secrets", () => {
  const one = fleet({ secrets: { web: { key: "one" } } });
  const member = (of: FleetInputs, slot = 0) => ({ folder: {} as never, slot, generation: newGeneration(of, slot) });
  assert.ok(isOfGeneration(member(one), one));
  assert.ok(isOfGeneration(member(one), fleet({ secrets: { web: { key: "one" } }, kernel: "/elsewhere", maxUnavailable: 2, count: 5 })));
  for (const other of [
    { secrets: { web: { key: "two" } } },
    { digest: "sha256:2" },
    { memoryMiB: 300 },
    { publish: ["1:2"] },
    { userData: "x" },
    { network: LAN },
  ]) {
    assert.ok(!isOfGeneration(member(one), fleet({ secrets: { web: { key: "one" } }, ...other })), JSON.stringify(other));
  }
  // a machine reads the names of others at its next start, and does not change with how many addresses there are
  const lan = (more: Properties) => fleet({ network: { ...LAN, ...more }, hosts: `${JSON.stringify(more)}\n` });
  assert.ok(isOfGeneration(member(lan({}), 1), lan({ addresses: 9 })));
  for (const more of [{ address: "10.77.0.23/24" }, { hostname: "api" }, { socket: "/other" }])
    assert.ok(!isOfGeneration(member(lan({}), 1), lan(more)), JSON.stringify(more));
  assert.notEqual(newGeneration(one, 0), newGeneration(one, 0), "each generation has its own salt");
});
