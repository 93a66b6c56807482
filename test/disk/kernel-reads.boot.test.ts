import assert from "node:assert/strict";
import { appendFile, stat } from "node:fs/promises";
import { test } from "node:test";
import { directoryEntry, type Entry } from "../../sdk/archive/entry.ts";
import { type CpioEntry, writeCpio } from "../../sdk/archive/write-cpio.ts";
import { type Bytes, collect } from "../../sdk/core/bytes.ts";
import { debian } from "../../sdk/debian/images.ts";
import { erofsVolume } from "../../sdk/disk/erofs.ts";
import { readDisk } from "../../sdk/disk/extent.ts";
import { fatVolume } from "../../sdk/disk/fat.ts";
import { isoVolume, LONGEST_ISO_NAME } from "../../sdk/disk/iso9660.ts";
import { Image, Kernel } from "../../sdk/index.ts";
import { ask, buildWhole, dhcp, spy } from "../guest/image.ts";
import { scratch } from "../support/judge.ts";
import { LIST, parseTree, wholeTree, writtenTree } from "../support/kernel-tree.ts";
import { boot } from "../support/qemu.ts";
import { Random, seed } from "../support/random.ts";
import { randomTree } from "../support/random-tree.ts";
import { trickyTree } from "../support/trees.ts";

const TREES = 2;
const MODULES = ["virtio_blk", "isofs", "erofs", "vfat", "nls_cp437", "nls_ascii"];

/** A filesystem that Linux mounts. */
interface Filesystem {
  readonly name: string;
  /** As `mount` takes them. */
  readonly options: string;
  /** Bytes of its longest name. @default 255 */
  readonly longestName?: number;
  write(entries: readonly Entry[]): Bytes;
  /** What it keeps of an entry; undefined where it has no such entries. @default everything */
  keep?(entry: Entry): Entry | undefined;
}

// FAT has neither links, owners nor modes, nor these names of the tricky tree; its times are even seconds from 1980 on
const fat = (type: 16 | 32): Filesystem => ({
  name: `FAT${type}`,
  options: "-t vfat -o ro,tz=UTC,umask=022,utf8",
  write: (entries) => readDisk(fatVolume({ entries, serial: 1, type }).disk),
  keep: (entry) =>
    (entry.type === "file" || entry.type === "directory") && !/["\\]|LOWER/.test(entry.path)
      ? { ...entry, uid: 0, gid: 0, mode: 0o755, mtime: Math.max(315_532_800, entry.mtime - (entry.mtime % 2)) }
      : undefined,
});

const FILESYSTEMS: readonly Filesystem[] = [
  {
    name: "ISO 9660",
    options: "-t iso9660 -o ro",
    longestName: LONGEST_ISO_NAME,
    write: (entries) => readDisk(isoVolume({ entries, label: "RANDOM" }).disk),
  },
  {
    name: "EROFS",
    options: "-t erofs -o ro",
    write: (entries) => readDisk(erofsVolume({ entries, seed: "sha256:00", label: "random" })),
  },
  fat(16),
  fat(32),
];

/** A tree with every kind of entry, then random ones. */
function trees(start: number, longestName?: number): CpioEntry[][] {
  const random = Array.from({ length: TREES }, (_, at) => randomTree(new Random(start + at), longestName ? { longestName } : {}));
  return [trickyTree(longestName), ...random].map(wholeTree);
}

/** The entries in a folder of their own. */
function inFolder(folder: string, entries: readonly CpioEntry[]): CpioEntry[] {
  const below = entries.map((entry) => ({
    ...entry,
    path: `${folder}/${entry.path}`,
    ...(entry.type === "hardlink" && { link: `${folder}/${entry.link}` }),
  }));
  return [directoryEntry(folder), ...below];
}

test("Linux reads random trees from disks of every filesystem and from a cpio archive", { timeout: 300_000 }, async (context) => {
  const start = seed();
  context.diagnostic(`TEST_SEED=${start}`);
  await using folder = await scratch();
  const volumes = FILESYSTEMS.flatMap(({ name, longestName, keep = (entry) => entry, ...filesystem }) =>
    trees(start, longestName).map((tree, at) => ({
      ...filesystem,
      title: `${name}, tree ${at}`,
      entries: tree.flatMap((entry) => keep(entry) ?? []),
    })),
  );
  const disks = await Promise.all(
    volumes.map(async ({ write, entries }, at) => {
      const path = await folder.file(`disk${at}`, write(entries));
      return { path, format: "raw" as const, serial: `disk${at}`, readOnly: true };
    }),
  );
  const built = await buildWhole(
    new Image({
      kernel: new Kernel({ image: debian.kernel({ modules: MODULES }), cmdline: "console=ttyS0" }),
      init: [debian.init()],
      onboot: [dhcp()],
      services: [spy({ devices: [{ path: "all", type: "b" }] })],
    }).spec,
  );
  // the kernel unpacks the archives of an initramfs one after another; each begins at a multiple of four
  const archived = trees(start);
  await appendFile(built.initrd, Buffer.alloc(-(await stat(built.initrd)).size & 3));
  await appendFile(built.initrd, await collect(writeCpio(archived.flatMap((tree, at) => inFolder(`tree${at}`, tree)))));

  await using machine = await boot({ ...built, disks, ports: [80], memoryMiB: 320 });
  await machine.until("the spy", (line) => line.stage === "service" && line.name === "spy" && line.state === "healthy");
  for (const [at, { title, options, entries }] of volumes.entries()) {
    const script = `for disk in /sys/block/vd*; do [ "$(cat $disk/serial)" = disk${at} ] && break; done
      mkdir -p /tmp/disk && mount ${options} /host/dev/\${disk##*/} /tmp/disk && cd /tmp/disk && ${LIST}; cd /; umount /tmp/disk`;
    assert.deepEqual(parseTree(await ask(machine, script)), await writtenTree(entries), title);
  }
  for (const [at, tree] of archived.entries())
    assert.deepEqual(parseTree(await ask(machine, `cd /host/tree${at} && ${LIST}`)), await writtenTree(tree), `cpio, tree ${at}`);
});
