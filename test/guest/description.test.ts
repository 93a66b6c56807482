import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { describe, test } from "node:test";
import { z } from "zod";
import { debian } from "../../sdk/debian/images.ts";
import { Image, Kernel, OnbootTask, Service, type ServiceArgs } from "../../sdk/index.ts";
import { containerDescriptionSchema, machineDescriptionSchema } from "../../sdk/guest/description.ts";
import { machineText } from "../../sdk/plan/machine-file.ts";
import { containerDescription } from "../../sdk/plan/guest-bundle.ts";
import { bundles, debianImageConfig } from "../../sdk/runtime/bundle.ts";

const SCHEMA = new URL("../../sdk/guest/linuxkitd/internal/description/schema.json", import.meta.url);

test("the schema that the guest's program is held to is that of these sources", async () => {
  const schemas = { container: z.toJSONSchema(containerDescriptionSchema), machine: z.toJSONSchema(machineDescriptionSchema) };
  // as plain JSON, which the file is
  const wanted = JSON.parse(JSON.stringify(schemas)) as object;
  assert.deepEqual(JSON.parse(await readFile(SCHEMA, "utf8")), wanted, `write this to ${SCHEMA.pathname}: ${JSON.stringify(wanted)}`);
});

const image = debian.packages({ packages: ["busybox-static"], command: ["/bin/busybox", "true"] });

function described(service: Partial<ServiceArgs>) {
  const { spec } = new Image({
    kernel: new Kernel({ image: debian.kernel() }),
    init: [debian.init()],
    onboot: [new OnbootTask("dhcp", { image, timeout: 20 })],
    services: [new Service("first", { image, readonly: false }), new Service("web", { image, after: ["first"], ...service })],
  });
  const laidOut = bundles(spec, (source) => (typeof source === "string" ? assert.fail() : debianImageConfig(source)), "amd64");
  const all = laidOut.map((bundle) => containerDescription(bundle, undefined));
  for (const one of all) containerDescriptionSchema.parse(one);
  return new Map(all.map((one) => [one.name, one]));
}

describe("the description of a container", () => {
  test("has every default", () => {
    const { service, task, mounts, rootfs, phase, id } = described({}).get("web") ?? assert.fail();
    assert.deepEqual(service, {
      restart: "always",
      after: ["first"],
      secrets: [],
      stopTimeout: 10,
      stopSignal: 15,
      logSize: 512 << 10,
      memory: "unlimited",
    });
    assert.deepEqual([task, mounts, phase, id], [undefined, [], "services", "web"]);
    // its image lies in the folder of the first one that has it
    assert.deepEqual(rootfs, { readonly: true, extracted: "/containers/onboot/000-dhcp/rootfs" });
  });
  test("of a task has its limit", () => {
    const { task, service, id } = described({}).get("dhcp") ?? assert.fail();
    assert.deepEqual([task, service, id], [{ timeout: 20, optional: false }, undefined, "000-dhcp"]);
  });
  test("has what was given", () => {
    const { service, uid, gid, bindNS, mkdir, interfaces } =
      described({
        uid: 33,
        gid: 44,
        restart: "on-failure",
        restartLimit: { count: 2 },
        stopTimeout: 2.5,
        secrets: { token: "", key: "" },
        log: { size: 16384 },
        health: { http: { port: 80, path: "/ok?a=b&c" }, interval: 0.5, timeout: 2, retries: 7 },
        runtime: { bindNS: { net: "/run/netns/web" }, mkdir: ["/a"], interfaces: [{ name: "eth1", peer: "web1" }] },
        net: "new",
      }).get("web") ?? assert.fail();
    assert.deepEqual(service, {
      restart: "on-failure",
      restartLimit: { count: 2, within: 0 },
      after: ["first"],
      secrets: ["key", "token"],
      stopTimeout: 2.5,
      stopSignal: 15,
      logSize: 16384,
      memory: "unlimited",
      health: { http: { port: 80, path: "/ok?a=b&c", status: 200 }, interval: 0.5, timeout: 2, retries: 7 },
    });
    assert.deepEqual([uid, gid, bindNS, mkdir], [33, 44, { net: "/run/netns/web" }, ["/a"]]);
    assert.deepEqual(interfaces, [{ name: "eth1", peer: "web1" }]);
  });
});

test("the description of a machine has its firewall, with what clouds keep closed, its kernel's parameters and its shared files", () => {
  assert.deepEqual(JSON.parse(machineText({ networks: [], forwards: true, shared: [], harden: undefined, arch: "amd64" })), { version: 1 });
  const network = { link: "lk0", gateway: "198.18.0.0", address: "198.18.0.1", publish: [], egress: [{ to: "any" }] };
  const shared = { file: "/usr/lib/x", names: ["/containers/services/web/rootfs/usr/lib/x"] };
  const text = machineText({
    networks: [{ ...network, hosts: [] }],
    forwards: true,
    shared: [shared],
    harden: { profile: "strict", waive: {} },
    arch: "amd64",
  });
  const machine = machineDescriptionSchema.parse(JSON.parse(text));
  assert.deepEqual([machine.firewall?.networks, machine.firewall?.forwards, machine.shared], [[network], true, [shared]]);
  assert.ok(machine.firewall?.closed.some(({ to, ports }) => to === "168.63.129.16/32" && ports?.includes(32526)));
  assert.deepEqual(machine.parameters?.last, [{ path: "kernel/modules_disabled", value: "1" }]);
  assert.ok(machine.parameters?.early.some(({ path, value }) => path === "kernel/kptr_restrict" && value === "2"));
});
