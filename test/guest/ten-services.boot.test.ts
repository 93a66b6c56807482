import assert from "node:assert/strict";
import { stat } from "node:fs/promises";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { debian } from "../../sdk/debian/images.ts";
import { Service } from "../../sdk/index.ts";
import { boot, type Booted } from "../support/qemu.ts";
import { countedBoot } from "../support/counted-boot.ts";
import { ask, buildImage, dhcp, service } from "./image.ts";

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

/** What runs {@link PROCESSES} and reads the memory. It sees the machine's files by PID 1, so that the machine forgets its modules as without it. */
const reader = service("reader", "exec busybox httpd -f -p 8081 -h /www", {
  pid: "host",
  net: "host",
  tmpfs: ["/tmp"],
  capabilities: ["CAP_SYS_PTRACE", "CAP_DAC_READ_SEARCH"],
  health: { tcp: { port: 8081 } },
});

// what the reader alone takes: the file of its program, and of its group what it does not give back
const OWN = `stat -c 'program %s' /bin/busybox
while read -r name bytes; do
  case $name in anon | kernel_stack | pagetables | slab_unreclaimable) echo "$name $bytes" ;; esac
done </proc/1/root/sys/fs/cgroup/reader/memory.stat`;

const ROOTS = [
  { root: "in memory", format: "kernel+initrd", most: 61.5 },
  { root: "packed in memory", format: "kernel+squashfs-initrd", most: 56 },
  { root: "on a disk", format: "kernel+erofs", most: 50.5 },
] as const;

for (const { root, format, most } of ROOTS) {
  test(`ten servers at rest with the root ${root} are 21 processes and at most ${most} MB`, { timeout: 500_000 }, async (t) => {
    const { disk, ...built } = await buildImage({ onboot: [dhcp()], services: [reader, ...servers(10)] }, format);
    const disks = disk === undefined ? [] : [{ path: disk, format: "raw" as const, serial: "root", readOnly: true }];
    const held = await heldOfReader(format, built);
    await using machine = await boot({ ...built, disks, ports: [8081], memoryMiB: 512 });
    await machine.until("health", ({ stage }) => stage === "healthy");
    const counts = new Map<string, number>();
    for (const program of (await ask(machine, PROCESSES, 8081)).trim().split("\n")) counts.set(program, (counts.get(program) ?? 0) + 1);
    // nginx has a process of its own beside the one that serves
    assert.deepEqual(Object.fromEntries(counts), { "/init": 1, "/usr/sbin/nginx": 20 });
    if (format === "kernel+initrd") await holdsOneLibrary(machine);
    // what follows health, as the end of the modules' files, takes a few seconds
    let [used, readers] = await inUse(machine, held);
    for (let again = 0; again < 20 && used > most; again++) {
      await sleep(1000);
      [used, readers] = await inUse(machine, held);
    }
    t.diagnostic(`${used.toFixed(1)} MB, and the reader ${readers.toFixed(1)} MB`);
    assert.ok(used <= most, `${used.toFixed(1)} MB`);
  });
}

/** Bytes that the root holds in memory of the reader's program, from the program's own bytes. */
async function heldOfReader(
  format: (typeof ROOTS)[number]["format"],
  { initrd }: { readonly initrd: string },
): Promise<(program: number) => number> {
  if (format === "kernel+initrd") return (program) => program;
  if (format === "kernel+erofs") return () => 0;
  const without = await buildImage({ onboot: [dhcp()], services: servers(10) }, format);
  const packed = (await stat(initrd)).size - (await stat(without.initrd)).size;
  return () => packed;
}

async function holdsOneLibrary(machine: Booted): Promise<void> {
  const libc = "usr/lib/x86_64-linux-gnu/libc.so.6";
  const paths = ["", "containers/services/web0/rootfs/"].map((folder) => `/proc/1/root/${folder}${libc}`);
  const inodes = (await ask(machine, `stat -c %i ${paths.join(" ")}`, 8081)).trim().split("\n");
  assert.equal(inodes.length, 2);
  assert.equal(inodes[0], inodes[1], "the C library is in memory twice");
}

/** MB that a machine uses, without what its reader takes, and that. Files of a disk can leave memory, and count as free. */
async function inUse(machine: Booted, held: (program: number) => number): Promise<[used: number, readers: number]> {
  const memory = await ask(machine, "cat /proc/meminfo /proc/zoneinfo", 8081);
  const kilobytes = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+)`, "m").exec(memory)?.[1]);
  // pages that a processor keeps for its next use are free, and up to 3 MB of them come and go (admin-guide/sysctl/vm.rst, percpu_pagelist_high_fraction)
  const kept = [...memory.matchAll(/^\s+count: (\d+)$/gm)].reduce((sum, [, pages]) => sum + 4 * Number(pages), 0);
  const own = [...(await ask(machine, OWN, 8081)).matchAll(/^\w+ (\d+)$/gm)].map(([, bytes]) => Number(bytes));
  assert.equal(own.length, 5);
  const [program = 0, ...others] = own;
  const readers = others.reduce((sum, bytes) => sum + bytes, held(program));
  const used = (kilobytes("MemTotal") - kilobytes("MemAvailable") - kept) * 1024;
  return [(used - readers) / 1e6, readers / 1e6];
}

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
