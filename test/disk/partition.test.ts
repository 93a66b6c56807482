import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { collect } from "../../sdk/core/bytes.ts";
import { bytesAt, makeDisk, readDisk } from "../../sdk/disk/extent.ts";
import { type GptLayout, type GptPartition, gptDisk, PARTITION_TYPE } from "../../sdk/disk/gpt.ts";
import { encodeMbr, mbrDisk, type MbrPartition } from "../../sdk/disk/mbr.ts";
import { judge, scratch } from "../support/judge.ts";

const MIB = 1 << 20;
const esp: GptPartition = {
  type: PARTITION_TYPE.efiSystem,
  name: "EFI System",
  start: MIB,
  length: 4 * MIB,
  attributes: { legacyBoot: true },
};
const data: GptPartition = {
  type: PARTITION_TYPE.linuxData,
  name: "données",
  start: 5 * MIB,
  length: 2 * MIB,
  attributes: { readOnly: true },
};
const layout = (partitions: readonly GptPartition[], more: Partial<GptLayout> = {}): GptLayout => ({
  size: 8 * MIB,
  seed: "sha256:00",
  partitions,
  ...more,
});

describe("GPT", () => {
  const sound: readonly { name: string; layout: GptLayout; warns?: RegExp }[] = [
    { name: "no partition", layout: layout([]) },
    { name: "an ESP", layout: layout([esp]) },
    { name: "two partitions and boot code", layout: layout([data, esp], { code: Buffer.alloc(440, 0x90) }) },
    {
      name: "an active protective entry, apart from a warning",
      layout: layout([esp], { activeProtective: true }),
      warns: /protective partition in the MBR is marked as active/,
    },
    {
      name: "partitions in every usable sector",
      layout: layout([{ ...esp, start: 34 * 512, length: 8 * MIB - 67 * 512 }]),
      warns: /end on a 2-sector boundary/,
    },
  ];
  for (const row of sound) {
    test(`sgdisk verifies ${row.name}`, async () => {
      await using folder = await scratch();
      const said = judge("sgdisk", "-v", await folder.file("disk", readDisk(gptDisk(row.layout))));
      assert.match(said, /No problems found/);
      if (row.warns) assert.match(said, row.warns);
      else assert.doesNotMatch(said, /caution|warning|problem:/i);
    });
  }

  test("sgdisk reads type, name, attributes, position and the derived identifiers", async () => {
    await using folder = await scratch();
    const file = await folder.file("disk", readDisk(gptDisk(layout([esp, data]))));
    const first = judge("sgdisk", "-i", "1", file);
    assert.match(first, /EFI system partition/);
    assert.match(first, /First sector: 2048 /);
    assert.match(first, /Last sector: 10239 /);
    assert.match(first, /Attribute flags: 0000000000000004/);
    assert.match(first, /Partition name: 'EFI System'/);
    const second = judge("sgdisk", "-i", "2", file);
    assert.match(second, /Attribute flags: 1000000000000000/);
    assert.match(second, /Partition unique GUID: [0-9A-F]{8}-[0-9A-F]{4}-8/);
  });

  test("sgdisk restores a lost primary table from the backup", async () => {
    await using folder = await scratch();
    const image = await collect(readDisk(gptDisk(layout([esp, data]))));
    image.fill(0, 512, 34 * 512);
    const file = await folder.file("disk", [image]);
    judge("sgdisk", "-e", file);
    assert.match(judge("sgdisk", "-p", file), /EFI System/);
  });

  test("a hybrid lists its partition in both tables", async () => {
    await using folder = await scratch();
    const file = await folder.file(
      "disk",
      readDisk(gptDisk(layout([esp], { hybrid: [{ type: 0x0c, start: esp.start, length: esp.length, active: true }] }))),
    );
    assert.match(judge("sgdisk", "-p", file), /EFI System/);
    assert.match(judge("sfdisk", "-d", "--label-nested", "mbr", file), /start= +2048, size= +8192, type=c, bootable/);
  });

  test("puts a partition's content where its entry says", async () => {
    const content = makeDisk(MIB, [bytesAt(512, Buffer.from("here"))]);
    const image = await collect(readDisk(gptDisk(layout([{ ...esp, content }]))));
    assert.equal(image.toString("latin1", MIB + 512, MIB + 516), "here");
  });

  test("the same seed gives the same bytes, and another seed different ones", async () => {
    const bytes = (seed: string) => collect(readDisk(gptDisk({ ...layout([esp]), seed })));
    assert.deepEqual(await bytes("a"), await bytes("a"));
    assert.notDeepEqual(await bytes("a"), await bytes("b"));
  });

  for (const row of [
    { name: "partitions that overlap", layout: layout([esp, { ...data, start: 4 * MIB }]), code: "INVALID_DEFINITION" },
    { name: "a partition over the tables", layout: layout([{ ...esp, start: 512 }]), code: "INVALID_DEFINITION" },
    { name: "a partition over the backup", layout: layout([{ ...esp, length: 7 * MIB }]), code: "INVALID_DEFINITION" },
    { name: "two partitions with one name", layout: layout([esp, { ...data, name: esp.name }]), code: "INVALID_DEFINITION" },
    { name: "a name of 37 characters", layout: layout([{ ...esp, name: "x".repeat(37) }]), code: "INVALID_DEFINITION" },
    { name: "a type that is not a GUID", layout: layout([{ ...esp, type: "ef00" }]), code: "INVALID_DEFINITION" },
    { name: "a start between sectors", layout: layout([{ ...esp, start: MIB + 1 }]), code: "INVALID_DEFINITION" },
    { name: "content larger than its partition", layout: layout([{ ...esp, content: makeDisk(5 * MIB, []) }]), code: "TOO_LARGE" },
    { name: "too much boot code", layout: layout([esp], { code: Buffer.alloc(441) }), code: "TOO_LARGE" },
  ]) {
    test(`refuses ${row.name}`, () => assert.throws(() => gptDisk(row.layout), { code: row.code }));
  }
});

describe("MBR", () => {
  const partition: MbrPartition = { type: 0x0c, start: MIB, length: 3 * MIB, active: true };

  test("sfdisk reads the signature and the partitions", async () => {
    await using folder = await scratch();
    const disk = mbrDisk({
      size: 8 * MIB,
      signature: 0x1234abcd,
      partitions: [partition, { type: 0x83, start: 4 * MIB, length: 4 * MIB }],
    });
    const said = judge("sfdisk", "-d", await folder.file("disk", readDisk(disk)));
    assert.match(said, /label: dos\nlabel-id: 0x1234abcd/);
    assert.match(said, /disk1 : start= +2048, size= +6144, type=c, bootable/);
    assert.match(said, /disk2 : start= +8192, size= +8192, type=83/);
  });

  test("takes only the code of a whole boot sector", () => {
    const sector = encodeMbr({ code: Buffer.alloc(512, 0xff), signature: 1, partitions: [partition] });
    assert.equal(sector.toString("hex", 438, 446), "ffff010000000000");
  });

  for (const row of [
    { name: "five partitions", size: 8 * MIB, partitions: Array<MbrPartition>(5).fill(partition) },
    { name: "a partition beyond the disk", size: 2 * MIB, partitions: [partition] },
    { name: "a partition beyond 2 TiB", size: 2 ** 43, partitions: [{ ...partition, start: 2 ** 42 }] },
    { name: "an empty partition", size: 8 * MIB, partitions: [{ ...partition, length: 0 }] },
  ]) {
    test(`refuses ${row.name}`, () =>
      assert.throws(() => mbrDisk({ size: row.size, signature: 1, partitions: row.partitions }), { code: "INVALID_DEFINITION" }));
  }
});
