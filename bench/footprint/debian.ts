import { chmodSync, createWriteStream, mkdirSync, statSync, writeFileSync } from "node:fs";
import { execFile } from "node:child_process";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { promisify } from "node:util";
import { setTimeout as pause } from "node:timers/promises";
import { directoryEntry, type Entry, fileEntry, symlinkEntry } from "../../sdk/archive/entry.ts";
import { writeCpio } from "../../sdk/archive/write-cpio.ts";
import { BlobStore } from "../../sdk/cache/blob-store.ts";
import { defaultCacheDir } from "../../sdk/cache/location.ts";
import { collect } from "../../sdk/core/bytes.ts";
import { kernelFile, kernelModules } from "../../sdk/debian/kernel.ts";
import type { LockedDeb } from "../../sdk/debian/locked.ts";
import { chooseMirrors } from "../../sdk/debian/mirror.ts";
import { unpackDebian } from "../../sdk/debian/unpack-debian.ts";
import { debian, type Lock } from "pulumi-linuxkit";
import { boot } from "../../test/support/qemu.ts";
import { measure, METER_CGI, METER_PORT } from "./meter.ts";
import type { Column } from "./ours.ts";

const PACKAGES = ["systemd-sysv", "ifupdown", "isc-dhcp-client", "nginx-light", "busybox-static"];
const MINUTES = 60_000;
const MEMORY_MIB = 512;

const UNIT = `[Unit]\nAfter=network.target\n[Service]\nExecStart=/bin/busybox httpd -f -p ${METER_PORT} -h /srv/meter\n[Install]\nWantedBy=multi-user.target\n`;

// the same kernel's modules, then Debian's own init on the disk
const init = (modules: readonly string[]): string => `#!/bin/busybox sh
/bin/busybox mount -t devtmpfs devtmpfs /dev
${modules.map((path) => `/bin/busybox insmod ${path} 2>/dev/null`).join("\n")}
n=0
until [ -e /dev/vda ]; do n=$((n + 1)); [ $n -gt 100 ] && break; /bin/busybox sleep 0.1; done
/bin/busybox mount -t ext4 /dev/vda /root
exec /bin/busybox switch_root /root /sbin/init
`;

/** Debian 12 from `debootstrap --variant=minbase`, with a web server and its network, on the kernel of the others. */
export async function debianColumn(folder: string, lock: Lock): Promise<Column> {
  const tree = join(folder, "debian");
  const mirrors = await chooseMirrors();
  await must("debootstrap", "--variant=minbase", `--include=${PACKAGES.join(",")}`, "bookworm", tree, mirrors.debian);
  return bootTree(folder, tree, lock);
}

/** Boots a Debian tree and measures it. */
export async function bootTree(folder: string, tree: string, lock: Lock): Promise<Column> {
  const write = (path: string, text: string, mode = 0o644): void => {
    writeFileSync(join(tree, path), text);
    chmodSync(join(tree, path), mode);
  };
  write("etc/network/interfaces", "auto lo\niface lo inet loopback\nauto eth0\niface eth0 inet dhcp\n");
  write("etc/fstab", "/dev/vda / ext4 rw 0 0\n");
  mkdirSync(join(tree, "srv/meter/cgi-bin"), { recursive: true });
  write("srv/meter/cgi-bin/run", METER_CGI, 0o755);
  write("etc/systemd/system/meter.service", UNIT);
  await must("ln", "-sf", "/etc/systemd/system/meter.service", join(tree, "etc/systemd/system/multi-user.target.wants/meter.service"));
  await must("rm", "-rf", join(tree, "var/cache/apt/archives"), join(tree, "var/lib/apt/lists"));
  const used = await must("du", "-sB1", tree);
  const disk = join(folder, "debian.img");
  await must("truncate", "-s", "2G", disk);
  await must("mke2fs", "-q", "-t", "ext4", "-d", tree, disk);

  const options = { store: new BlobStore(defaultCacheDir()), cacheDir: defaultCacheDir() };
  const packages = Object.values(lock.debian).flatMap((locked) => locked.packages);
  const kernelDeb = packages.find(({ name }) => name.startsWith("linux-image-")) as LockedDeb;
  const kernel = join(folder, "debian-kernel");
  await pipeline(await kernelFile(kernelDeb, options), createWriteStream(kernel));
  const modules = await kernelModules(kernelDeb, ["virtio_net", "virtio_blk", "ext4"], options);
  const found: Entry[] = [];
  for await (const entry of modules.files) found.push(fileEntry(entry.path, await collect(entry.type === "file" ? entry.body : []), 0o644));
  const busybox: Buffer[] = [];
  const only = packages.filter(({ name }) => name === "busybox-static").slice(0, 1);
  for await (const entry of unpackDebian(debian.packages({ packages: ["busybox-static"] }).debian, only, "amd64", options))
    if (entry.path === "usr/bin/busybox") busybox.push(await collect(entry.type === "file" ? entry.body : []));
  const folders = ["bin", "dev", "root", "usr", "usr/lib", "usr/lib/modules"].map((path) => directoryEntry(path));
  const order = modules.order.map((line) => line.split(" ")[0] as string);
  const initrd = join(folder, "debian-initrd");
  await pipeline(
    writeCpio([
      ...folders,
      fileEntry("bin/busybox", busybox[0] ?? Buffer.alloc(0), 0o755),
      symlinkEntry("bin/sh", "busybox"),
      ...found,
      fileEntry("init", init(order), 0o755),
    ]),
    createWriteStream(initrd),
  );

  const began = performance.now();
  await using machine = await boot({
    kernel,
    initrd,
    cmdline: "console=ttyS0 quiet net.ifnames=0 panic=-1",
    memoryMiB: MEMORY_MIB,
    ports: [80, METER_PORT],
    disks: [{ path: disk, format: "raw", serial: "root" }],
  });
  const answers = (port: number): Promise<boolean> =>
    fetch(`http://127.0.0.1:${machine.port(port)}/`, { signal: AbortSignal.timeout(1000) }).then(
      () => true,
      () => false,
    );
  while (!(await answers(80))) {
    if (performance.now() - began > 2 * MINUTES) throw new Error(`Debian's server did not answer:\n${machine.console()}`);
    await pause(100);
  }
  const seconds = (performance.now() - began) / 1000;
  while (!(await answers(METER_PORT))) await pause(200);
  // wait for programs that run only at start
  await pause(10_000);
  return {
    name: "Debian 12, one service",
    seconds,
    diskMB: (Number(used.split("\t")[0]) + statSync(kernel).size) / 1e6,
    ...(await measure(machine, "/")),
  };
}

async function must(program: string, ...args: string[]): Promise<string> {
  return (await promisify(execFile)(program, args, { timeout: 15 * MINUTES, maxBuffer: 16 << 20 })).stdout;
}
