import assert from "node:assert/strict";
import { test } from "node:test";
import { debian } from "../../sdk/debian/images.ts";
import { Service } from "../../sdk/index.ts";
import { countedBoot } from "../support/counted-boot.ts";
import { ask, bootImage, buildImage, dhcp, spy } from "./image.ts";

// each has port 80 in a network namespace of its own
const servers = (count: number): Service[] =>
  Array.from(
    { length: count },
    (_, index) =>
      new Service(`web${index}`, {
        image: debian.packages({ packages: ["nginx-light"], command: ["nginx", "-g", "daemon off;"] }),
        capabilities: ["CAP_NET_BIND_SERVICE", "CAP_SETUID", "CAP_SETGID", "CAP_CHOWN", "CAP_DAC_OVERRIDE"],
        tmpfs: ["/run", "/tmp", "/var/log/nginx", "/var/lib/nginx"],
        health: { tcp: { port: 80 } },
        net: "none",
      }),
  );

// by program, without those of the spy, which are in its own mount namespace; threads of the kernel have no program
const PROCESSES = `own=$(readlink /proc/self/ns/mnt)
for process in /proc/[0-9]*; do
  program=$(readlink $process/exe) || continue
  [ "$(readlink $process/ns/mnt)" = "$own" ] || echo "$program"
done`;

test("ten servers at rest are 21 processes and at most 67 MB", { timeout: 500_000 }, async (t) => {
  await using machine = await bootImage(
    { onboot: [dhcp()], services: [spy({ port: 8081 }), ...servers(10)] },
    { ports: [8081], memoryMiB: 512 },
  );
  await machine.until("health", ({ stage }) => stage === "healthy");
  const counts = new Map<string, number>();
  for (const program of (await ask(machine, PROCESSES, 8081)).trim().split("\n")) counts.set(program, (counts.get(program) ?? 0) + 1);
  // nginx has a process of its own beside the one that serves
  assert.deepEqual(Object.fromEntries(counts), { "/init": 1, "/usr/sbin/nginx": 20 });
  const libc = "usr/lib/x86_64-linux-gnu/libc.so.6";
  const inodes = (await ask(machine, `stat -c %i /host/${libc} /host/containers/services/web0/rootfs/${libc}`, 8081)).trim().split("\n");
  assert.equal(inodes.length, 2);
  assert.equal(inodes[0], inodes[1], "the C library is in memory twice");
  const memory = await ask(machine, "cat /proc/meminfo /proc/zoneinfo", 8081);
  const kilobytes = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+)`, "m").exec(memory)?.[1]);
  // pages that a processor keeps for its next use are free, and up to 3 MB of them come and go (admin-guide/sysctl/vm.rst, percpu_pagelist_high_fraction)
  const kept = [...memory.matchAll(/^\s+count: (\d+)$/gm)].reduce((sum, [, pages]) => sum + 4 * Number(pages), 0);
  const [total, free] = [kilobytes("MemTotal"), kilobytes("MemAvailable") + kept];
  const used = ((total - free) * 1024) / 1e6;
  t.diagnostic(`${used.toFixed(1)} MB`);
  assert.ok(used <= 67, `${used.toFixed(1)} MB`);
});

test("ten servers are healthy within 1.5 times the time of one, by a clock that counts instructions", { timeout: 500_000 }, async (t) => {
  const times = [];
  for (const count of [1, 10]) {
    const image = await buildImage({ onboot: [dhcp()], services: servers(count) });
    times.push((await countedBoot({ ...image, memoryMiB: 512 })).healthy);
  }
  const [one = 0, ten = 0] = times;
  t.diagnostic(`one ${one} s, ten ${ten} s`);
  assert.ok(ten <= 1.5 * one, `one ${one} s, ten ${ten} s`);
});
