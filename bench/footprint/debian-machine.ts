import { execFile } from "node:child_process";
import { chmodSync, createWriteStream, mkdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { promisify } from "node:util";
import { debian, type Lock } from "pulumi-linuxkit";
import { directoryEntry, type Entry, fileEntry, symlinkEntry } from "../../sdk/archive/entry.ts";
import { writeCpio } from "../../sdk/archive/write-cpio.ts";
import { BlobStore } from "../../sdk/cache/blob-store.ts";
import { defaultCacheDir } from "../../sdk/cache/location.ts";
import { collect } from "../../sdk/core/bytes.ts";
import { kernelFile, kernelModules } from "../../sdk/debian/kernel.ts";
import type { LockedDeb } from "../../sdk/debian/locked.ts";
import { chooseMirrors } from "../../sdk/debian/mirror.ts";
import { unpackDebian } from "../../sdk/debian/unpack-debian.ts";
import type { BootOptions } from "../../test/support/qemu.ts";
import { METER_CGI, METER_PORT } from "./meter.ts";

const MINUTES = 60_000;
/** What every Debian here has, beside what it is measured with. */
const PACKAGES = ["systemd-sysv", "ifupdown", "isc-dhcp-client", "busybox-static"];
/** Modules of its disk and its network. */
const MODULES = ["virtio_net", "virtio_blk", "ext4"];
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

/** Makes a Debian 12 from `debootstrap --variant=minbase`, without package lists and caches. @returns its folder */
export async function debianTree(folder: string, packages: readonly string[], signal?: AbortSignal): Promise<string> {
  const tree = join(folder, "debian");
  const mirrors = await chooseMirrors();
  const include = [...PACKAGES, ...packages].join(",");
  await must("debootstrap", ["--variant=minbase", `--include=${include}`, "bookworm", tree, mirrors.debian], signal);
  return tree;
}

/** A Debian that can be booted. */
export interface DebianMachine {
  readonly boot: Pick<BootOptions, "kernel" | "initrd" | "cmdline" | "disks">;
  /** Bytes of its kernel and of the files of its root. */
  readonly kernelBytes: number;
  readonly rootBytes: number;
}

/** Writes a unit of systemd that starts with the machine. */
export async function addUnit(tree: string, name: string, text: string): Promise<void> {
  write(tree, `etc/systemd/system/${name}`, text);
  await must("ln", ["-sf", `/etc/systemd/system/${name}`, join(tree, "etc/systemd/system/multi-user.target.wants", name)]);
}

/** Gives a Debian tree its network, its meter and a disk, and the kernel of a lock with some of its modules. */
export async function debianMachine(
  folder: string,
  tree: string,
  { lock, modules = [], disk: size = "2G" }: { readonly lock: Lock; readonly modules?: readonly string[]; readonly disk?: string },
): Promise<DebianMachine> {
  write(tree, "etc/network/interfaces", "auto lo\niface lo inet loopback\nauto eth0\niface eth0 inet dhcp\n");
  write(tree, "etc/fstab", "/dev/vda / ext4 rw 0 0\n");
  mkdirSync(join(tree, "srv/meter/cgi-bin"), { recursive: true });
  write(tree, "srv/meter/cgi-bin/run", METER_CGI, 0o755);
  await addUnit(tree, "meter.service", UNIT);
  await must("rm", ["-rf", join(tree, "var/cache/apt/archives"), join(tree, "var/lib/apt/lists")]);
  const used = await must("du", ["-sB1", tree]);
  const disk = join(folder, "debian.img");
  await must("truncate", ["-s", size, disk]);
  await must("mke2fs", ["-q", "-t", "ext4", "-d", tree, disk]);

  const options = { store: new BlobStore(defaultCacheDir()), cacheDir: defaultCacheDir() };
  const packages = Object.values(lock.debian).flatMap((locked) => locked.packages);
  const kernelDeb = packages.find(({ name }) => name.startsWith("linux-image-")) as LockedDeb;
  const kernel = join(folder, "debian-kernel");
  await pipeline(await kernelFile(kernelDeb, options), createWriteStream(kernel));
  const wanted = await kernelModules(kernelDeb, [...MODULES, ...modules], options);
  const found: Entry[] = [];
  for await (const entry of wanted.files) found.push(fileEntry(entry.path, await collect(entry.type === "file" ? entry.body : []), 0o644));
  const busybox: Buffer[] = [];
  const only = packages.filter(({ name }) => name === "busybox-static").slice(0, 1);
  for await (const entry of unpackDebian(debian.packages({ packages: ["busybox-static"] }).debian, only, "amd64", options))
    if (entry.path === "usr/bin/busybox") busybox.push(await collect(entry.type === "file" ? entry.body : []));
  const folders = ["bin", "dev", "root", "usr", "usr/lib", "usr/lib/modules"].map((path) => directoryEntry(path));
  const order = wanted.order.map((line) => line.split(" ")[0] as string);
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
  return {
    boot: {
      ...{ kernel, initrd, cmdline: "console=ttyS0 quiet net.ifnames=0 panic=-1" },
      disks: [{ path: disk, format: "raw", serial: "root" }],
    },
    kernelBytes: statSync(kernel).size,
    rootBytes: Number(used.split("\t")[0]),
  };
}

function write(tree: string, path: string, text: string, mode = 0o644): void {
  writeFileSync(join(tree, path), text);
  chmodSync(join(tree, path), mode);
}

async function must(program: string, args: readonly string[], signal?: AbortSignal): Promise<string> {
  const limits = { timeout: 15 * MINUTES, maxBuffer: 16 << 20, ...(signal && { signal }) };
  return (await promisify(execFile)(program, args, limits)).stdout;
}
