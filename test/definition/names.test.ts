import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { debian } from "../../sdk/debian/images.ts";
import { Image, OnbootTask, OnshutdownTask, Service, Volume } from "../../sdk/index.ts";

const init = [debian.init()];
const long = (length: number): string => "n".repeat(length);
const service =
  (name: string, fields: object = {}) =>
  () =>
    new Image({ init, services: [new Service(name, { image: "x", ...fields })] });

const BEGINS = /: got "-.*", wanted at most 76 letters, digits or "_", "\+", "-", "\.", not beginning with "\." or "-"$/;

describe("a name with which a container cannot run is refused", () => {
  for (const [make, message] of [
    [service("-x"), BEGINS],
    [service("--bundle"), BEGINS],
    [() => new OnbootTask("-x", { image: "x" }), BEGINS],
    [() => new OnshutdownTask("-x", { image: "x" }), BEGINS],
    [service(long(65)), /^services\.n+: got a name of 65 letters, which is its host name too: wanted at most 64, or set hostname$/],
    [
      () => new Image({ onboot: [new OnbootTask(long(65), { image: "x" })] }),
      /^onboot\.n+\.name: got a name of 65 letters, which is its host name too: wanted at most 64, or set hostname$/,
    ],
    [service("a", { hostname: "ü".repeat(33) }), /^services\.a\.hostname: got "ü+", wanted at most 64 bytes, as Linux has it$/],
    [
      () => new Image({ volumes: [new Volume(long(58), { persistent: { label: "data" } })] }),
      /^volumes\.n+: got a name of 58 letters, wanted at most 57 of a persistent volume$/,
    ],
    [
      service("linuxkit.healthz"),
      /^services\["linuxkit\.healthz"\]: got "linuxkit\.healthz", but names with "linuxkit\." are the guest's own: wanted another$/,
    ],
    ...["cgroup.procs", "memory.max", "cpu.stat", "cpuset.cpus", "io.weight", "pids.max", "irq.pressure"].map(
      (name) => [service(name), /which is the name of a file in every control group/] as const,
    ),
  ] as const) {
    test(String(message), () => assert.throws(make, { code: "INVALID_DEFINITION", message }));
  }
});

describe("a name with which it can run is taken", () => {
  for (const make of [
    service(long(64)),
    service(long(65), { hostname: "short" }),
    service(long(65), { uts: "host" }),
    service(long(76), { sandbox: "linuxkit", net: "host" }),
    service("a-"),
    service("a", { hostname: long(64) }),
    () => new Image({ volumes: [new Volume(long(57), { persistent: { label: "data" } })] }),
    () =>
      new Image({
        services: ["db", "db.health", "db.stop", "db.log", "cgroup", "memory"].map((name) => new Service(name, { image: "x" })),
      }),
    // another init has other control groups
    () => new Image({ services: [new Service("cpu.x", { image: "x", sandbox: "linuxkit" })] }),
  ]) {
    test(String(make).slice(0, 80), () => assert.ok(make()));
  }
  test("Debian's own users", () => {
    const users = [
      { name: "Debian-exim", uid: 100 },
      { name: "Debian-snmp", uid: 101 },
    ];
    const groups = [{ name: "Debian-gdm", gid: 102, members: ["Debian-snmp"] }];
    const image = debian.packages({ packages: ["exim4-daemon-light"], users, groups, uid: "Debian-exim" });
    assert.ok(new Image({ services: [new Service("mail", { image, gid: "Debian-gdm" })] }));
    for (const name of ["1st", "-x", "a b", "a:b", "é", long(33)])
      assert.throws(() => debian.packages({ packages: ["x"], users: [{ name, uid: 1 }] }), /users\[0\]\.name: got /, name);
  });
});
