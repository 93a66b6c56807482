import assert from "node:assert/strict";
import { test } from "node:test";
import { type Output, runtime } from "@pulumi/pulumi";
import { Fleet, Machine, Network } from "../../providers/qemu/index.ts";
import { Image, Kernel } from "../../sdk/index.ts";

const OS = new Image({ kernel: new Kernel({ image: "example.com/kernel:1" }), init: ["example.com/init:1"] });
const FILES = ["kernel", "initrd"].map((role) => ({ role, name: `web-${role}` }));

/** Inputs of each registered resource by name. */
const registered = new Map<string, Record<string, unknown>>();

await runtime.setMocks({
  newResource({ name, type, inputs }) {
    registered.set(name, inputs);
    const state: Record<string, Record<string, unknown>> = {
      "linuxkit:index:ImageBuild": { digest: "sha256:1", arch: "amd64", cmdline: "quiet", path: "/cache/1", files: FILES },
      "linuxkit:index:RolloutGate": { machines: [], urls: [], running: 2 },
      "linuxkit:index:QemuNetwork": { socket: `/networks/${name}/switch`, running: true },
    };
    return { id: `${name}-id`, state: state[type] ?? inputs };
  },
  call: () => ({}),
});

const settled = <T>(output: Output<T>): Promise<T> => new Promise((resolve) => output.apply(resolve));
const HOSTS = "127.0.0.1 localhost\n10.77.0.11 m1\n10.77.0.21 web-0\n10.77.0.22 web-1\n10.77.0.23 web-2\n";
const lan = (name: string) =>
  new Network(name, { cidr: "10.77.0.0/24", hosts: { m1: "10.77.0.11" }, fleets: { web: "10.77.0.21-10.77.0.23" } });

test("a fleet in a network has the addresses of its name there, and every machine the names of all", async () => {
  const network = lan("lan");
  const [fleet, machine] = [new Fleet("web", { image: OS, count: 2, network }), new Machine("m1", { image: OS, network, hostname: "m1" })];
  await Promise.all([settled(fleet.urls), settled(machine.url)]);
  const { network: place, hosts } = registered.get("web-gate") ?? {};
  assert.deepEqual(place, { socket: "/networks/lan/switch", address: "10.77.0.21/24", addresses: 3, hostname: "web" });
  assert.equal(hosts, HOSTS);
  assert.equal(registered.get("m1-vm")?.hosts, HOSTS);
  assert.deepEqual(registered.get("lan")?.hosts, { m1: "10.77.0.11", "web-0": "10.77.0.21", "web-1": "10.77.0.22", "web-2": "10.77.0.23" });
});

test("a fleet takes another name than its own, and each name once", async () => {
  const network = lan("other");
  await settled(new Fleet("shop", { image: OS, count: 2, network, hostname: "web" }).urls);
  assert.equal((registered.get("shop-gate")?.network as { hostname: string } | undefined)?.hostname, "web");
  const bad: readonly (readonly [make: () => unknown, message: string])[] = [
    [() => new Fleet("web", { image: OS, count: 1, network }), 'fleet "web": hostname: got "web", which fleet "shop" has: wanted another'],
    [
      () => new Fleet("db", { image: OS, count: 1, network }),
      'fleet "db": hostname: got "db", wanted a name of the network\'s fleets: web',
    ],
    [
      () => new Fleet("a", { image: OS, count: 1, hostname: "web" }),
      'fleet "a": hostname: got "web" without network: wanted network beside it',
    ],
  ];
  for (const [make, message] of bad) assert.throws(make, { code: "INVALID_DEFINITION", message });
});

test("a fleet outside of a network has none of this", async () => {
  await settled(new Fleet("alone", { image: OS, count: 2 }).urls);
  const { network, hosts } = registered.get("alone-gate") ?? {};
  assert.deepEqual([network, hosts], [undefined, undefined]);
});
