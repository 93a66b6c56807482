import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { checkFleet, type FleetInputs, machineInputs } from "../../providers/qemu/plugin/fleet-inputs.ts";
import { isOfGeneration, newGeneration } from "../../providers/qemu/plugin/fleet-members.ts";
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
  ]) {
    assert.ok(!isOfGeneration(member(one), fleet({ secrets: { web: { key: "one" } }, ...other })), JSON.stringify(other));
  }
  assert.notEqual(newGeneration(one, 0), newGeneration(one, 0), "each generation has its own salt");
});
