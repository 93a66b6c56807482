import assert from "node:assert/strict";
import { open, readFile, truncate } from "node:fs/promises";
import { join } from "node:path";
import { describe, test } from "node:test";
import type { DiskAttachment } from "../../providers/qemu/plugin/arguments.ts";
import { digestOf } from "../../sdk/core/digest.ts";
import { debian } from "../../sdk/debian/images.ts";
import { OnbootTask, Volume } from "../../sdk/index.ts";
import { ask, buildImage, bootImage, dhcp, service, spy } from "../guest/image.ts";
import { judge, scratch } from "../support/judge.ts";
import { boot, type Booted } from "../support/qemu.ts";

const MIB = 2 ** 20;

async function emptyDisk(folder: string, name: string, mib = 64): Promise<DiskAttachment> {
  const path = join(folder, `${name}.img`);
  await using file = await open(path, "wx");
  await file.truncate(mib * MIB);
  return { path, format: "raw", serial: name };
}

const isHealthy = ({ stage }: { readonly stage: string }): boolean => stage === "healthy";

async function powerOff(machine: Booted): Promise<void> {
  while (!machine.lines.some(({ stage }) => stage === "shutdown")) {
    await machine.pressPower();
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
  await machine.ended;
}

test("disks are formatted at first boot, survive a power failure, and grow with the disk", { timeout: 400_000 }, async () => {
  await using folder = await scratch();
  const data = await emptyDisk(folder.path, "data");
  const whole = await emptyDisk(folder.path, "whole");
  // as after a power failure between partitioning and formatting
  const late = await emptyDisk(folder.path, "late");
  judge("sh", "-c", `echo 'label: gpt\nstart=1MiB, type=linux, name="late (unfinished)"' | sfdisk -q "$0"`, late.path);
  await using half = await open(late.path, "r+");
  await half.write(Buffer.alloc(MIB, "half"), 0, MIB, MIB);
  const foreign = await emptyDisk(folder.path, "foreign");
  judge("mkfs.ext4", "-q", "-L", "letters", foreign.path);
  const untouched = digestOf(await readFile(foreign.path));

  const image = await buildImage({
    onboot: [
      dhcp(),
      new OnbootTask("format", { image: debian.format({ label: "whole", device: "/dev/vdb", partition: false }) }),
      new OnbootTask("extend", { image: debian.extend({ label: "whole" }) }),
      new OnbootTask("mount", { image: debian.mount({ label: "whole", path: "/mnt/whole" }) }),
      new OnbootTask("late", { image: debian.disk({ label: "late", path: "/var/late" }) }),
    ],
    volumes: [new Volume("data", { persistent: { serial: "data", uid: 1000, gid: 1000 } })],
    services: [spy(), service("writer", "id -u >>/data/boots; sync; exec sleep 1000", { uid: 1000, gid: 1000, binds: ["data:/data"] })],
  });
  const disks = [data, whole, late, foreign];
  const see = (machine: Booted): Promise<string> =>
    ask(
      machine,
      "for n in 1 2 3 4 5 6 7 8 9; do [ -s /host/mnt/data/boots ] && break; sleep 1; done; cat /host/mnt/data/boots; stat -c '%u:%g %a' /host/mnt/data; grep -E '/(data|whole|late) ' /proc/1/mounts | cut -d ' ' -f 1-4 | cut -c 1-40; df -m /host/mnt/data /host/mnt/whole /host/var/late | awk 'NR > 1 { print ($2 > 200) }'",
    );
  {
    await using machine = await boot({ ...image, disks, ports: [80] });
    await machine.until("health", isHealthy);
    assert.equal(
      await see(machine),
      "1000\n1000:1000 755\n/dev/vda1 /mnt/data ext4 rw,nosuid,nodev\n/dev/vdb /mnt/whole ext4 rw,relatime\n/dev/vdc1 /var/late ext4 rw,nosuid,nodev\n0\n0\n0\n",
    );
    // the disk neither grows nor needs formatting; only the power fails
  }
  for (const { path } of disks.slice(0, 3)) await truncate(path, 256 * MIB);
  {
    await using machine = await boot({ ...image, disks, ports: [80] });
    await machine.until("health", isHealthy);
    assert.match(await ask(machine, "for n in 1 2 3 4 5; do grep -c . /host/mnt/data/boots | grep 2 && break; sleep 1; done"), /2/);
    assert.equal(
      await see(machine),
      "1000\n1000\n1000:1000 755\n/dev/vda1 /mnt/data ext4 rw,nosuid,nodev\n/dev/vdb /mnt/whole ext4 rw,relatime\n/dev/vdc1 /var/late ext4 rw,nosuid,nodev\n1\n1\n1\n",
    );
    assert.match(
      await ask(machine, "cat /host/run/log/onboot/00-data.out.log"),
      /format: vda1 has the label data\nextend: vda1 grew from 62 to 254 MiB\n/,
    );
    await powerOff(machine);
  }
  for (const { path } of [data, late]) {
    assert.match(judge("sgdisk", "-v", path), /No problems found\. 0 free sectors/);
    judge("e2fsck", "-fn", `${path}?offset=${MIB}`);
  }
  assert.match(judge("sfdisk", "--dump", late.path), /name="late"/);
  judge("e2fsck", "-fn", whole.path);
  assert.equal(digestOf(await readFile(foreign.path)), untouched);
});

describe("a disk with data is not changed, and the boot ends with the reason", { timeout: 400_000 }, () => {
  test("a filesystem, a partition table, and data of an unknown kind", async () => {
    await using folder = await scratch();
    const [letters, table, end] = [
      await emptyDisk(folder.path, "letters"),
      await emptyDisk(folder.path, "table"),
      await emptyDisk(folder.path, "end"),
    ];
    judge("mkfs.ext4", "-q", "-L", "letters", letters.path);
    judge("sh", "-c", "echo 'label: dos\nstart=1MiB' | sfdisk -q \"$0\"", table.path);
    judge("mkfs.vfat", "--offset", "2048", table.path, String(32 << 10));
    await using file = await open(end.path, "r+");
    await file.write(Buffer.from([7]), 0, 1, 64 * MIB - 1);
    const disks = [letters, table, end];
    const digests = () => Promise.all(disks.map(async ({ path }) => digestOf(await readFile(path))));
    const before = await digests();

    await using machine = await bootImage(
      {
        onboot: [
          new OnbootTask("by-serial", { image: debian.format({ label: "data", serial: "letters" }), optional: true }),
          new OnbootTask("by-device", { image: debian.format({ label: "data", device: "/dev/vdb" }), optional: true }),
          new OnbootTask("absent", { image: debian.format({ label: "data", serial: "absent", timeout: 1 }), optional: true }),
          new OnbootTask("elsewhere", { image: debian.format({ label: "letters", serial: "end" }), optional: true }),
          new OnbootTask("any", { image: debian.format({ label: "data", timeout: 1 }) }),
        ],
        services: [service("never", "sleep 1000")],
      },
      { disks },
    );
    await machine.until("failure", ({ stage }) => stage === "failed");
    await machine.ended;
    const said = machine.console();
    assert.match(
      said,
      /onboot by-serial optional .*vda holds ext4 with the label letters, and no filesystem with the label data: it was left as it is/,
    );
    assert.match(said, /onboot by-device optional .*vdb holds partitions: vdb1 \(vfat\), and no filesystem/);
    assert.match(said, /onboot absent optional .*no disk with the serial absent for data; there are: vda vdb vdc/);
    assert.match(said, /onboot elsewhere optional .*vda has the label letters, and the disk that is named for it is vdc/);
    assert.match(
      said,
      /failed onboot any: .*no empty disk to make it on; vda holds ext4 with the label letters; vdb holds partitions: vdb1 \(vfat\); vdc holds data of no kind that is known here, within 4 MiB of its end/,
    );
    assert.deepEqual(await digests(), before);
  });

  test("with two empty disks, neither is used", async () => {
    await using folder = await scratch();
    await using machine = await bootImage(
      { volumes: [new Volume("data", { persistent: {} })], services: [service("never", "sleep 1000")] },
      { disks: [await emptyDisk(folder.path, "one"), await emptyDisk(folder.path, "two")] },
    );
    await machine.until("failure", ({ stage }) => stage === "failed");
    await machine.ended;
    assert.match(
      machine.console(),
      /failed onboot volume-data: .*vda and vdb are both empty: name the one for data by its serial or device/,
    );
  });
});
