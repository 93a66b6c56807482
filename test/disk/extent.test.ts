import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { collect } from "../../sdk/core/bytes.ts";
import { isZero } from "../../sdk/core/zero.ts";
import { occupiedBlocks, readBlocks } from "../../sdk/disk/block.ts";
import { bytesAt, type Disk, type Extent, extentsAt, makeDisk, readDisk } from "../../sdk/disk/extent.ts";
import { guidBytes, serialFrom, uuidBytes, uuidFrom } from "../../sdk/disk/identity.ts";

const text = (offset: number, value: string): Extent => bytesAt(offset, Buffer.from(value));

describe("a disk of extents", () => {
  test("reads gaps and zero extents as zeroes, for extents in any order", async () => {
    const disk = makeDisk(12, [text(8, "cd"), text(1, "ab"), { offset: 4, length: 2, source: "zero" }]);
    assert.equal((await collect(readDisk(disk))).toString("latin1"), "\0ab\0\0\0\0\0cd\0\0");
  });

  test("moves into a larger disk", async () => {
    const inner = makeDisk(4, [text(1, "x")]);
    assert.equal((await collect(readDisk(makeDisk(6, extentsAt(2, inner))))).toString("latin1"), "\0\0\0x\0\0");
  });

  for (const row of [
    { name: "two extents that overlap", extents: [text(0, "abc"), text(2, "d")] },
    { name: "an extent beyond the end", extents: [text(3, "ab")] },
    { name: "a negative offset", extents: [text(-1, "ab")] },
    { name: "an offset that is not an integer", extents: [text(0.5, "a")] },
  ]) {
    test(`refuses ${row.name}`, () => assert.throws(() => makeDisk(4, row.extents), { code: "INVALID_DEFINITION" }));
  }

  for (const row of [
    { name: "shorter", length: 3, got: 2 },
    { name: "longer", length: 1, got: 2 },
  ]) {
    test(`fails when a source is ${row.name} than its extent`, () =>
      assert.rejects(collect(readDisk(makeDisk(8, [{ offset: 0, length: row.length, source: [Buffer.from("ab")] }]))), {
        code: "SIZE_MISMATCH",
        detail: { path: "extent at 0", want: row.length, got: row.got },
      }));
  }
});

describe("blocks", () => {
  async function blocksOf(disk: Disk): Promise<[number, string][]> {
    const blocks: [number, string][] = [];
    for await (const { index, bytes } of readBlocks(disk, 4)) blocks.push([index, Buffer.from(bytes).toString("latin1")]);
    return blocks;
  }

  for (const row of [
    { name: "nothing", disk: makeDisk(64, []), read: [], occupied: [] },
    { name: "one byte at the end of a block", disk: makeDisk(64, [text(7, "a")]), read: [[1, "\0\0\0a"]], occupied: [1] },
    {
      name: "a run over three blocks",
      disk: makeDisk(64, [text(3, "abcdef")]),
      read: [
        [0, "\0\0\0a"],
        [1, "bcde"],
        [2, "f\0\0\0"],
      ],
      occupied: [0, 1, 2],
    },
    { name: "two extents in one block", disk: makeDisk(64, [text(4, "a"), text(6, "b")]), read: [[1, "a\0b\0"]], occupied: [1] },
    {
      name: "zeroes among the content",
      disk: makeDisk(64, [text(0, "a\0\0\0\0\0\0\0b")]),
      read: [
        [0, "a\0\0\0"],
        [2, "b\0\0\0"],
      ],
      occupied: [0, 1, 2],
    },
    {
      name: "a zero extent",
      disk: makeDisk(64, [{ offset: 4, length: 8, source: "zero" }, text(20, "z")]),
      read: [[5, "z\0\0\0"]],
      occupied: [5],
    },
    { name: "a disk that ends inside a block", disk: makeDisk(6, [text(5, "a")]), read: [[1, "\0a\0\0"]], occupied: [1] },
  ] satisfies { name: string; disk: Disk; read: unknown[]; occupied: number[] }[]) {
    test(`of ${row.name}`, async () => {
      assert.deepEqual(await blocksOf(row.disk), row.read);
      assert.deepEqual([...occupiedBlocks(row.disk, 4)], row.occupied);
    });
  }

  test("are valid until `held` more are asked for, not counting blocks of zeroes", async () => {
    const blocks: Uint8Array[] = [];
    const disk = makeDisk(64, [text(0, "aaaa"), text(5, "b"), text(8, "\0\0"), text(15, "c"), text(16, "dd")]);
    for await (const { bytes } of readBlocks(disk, 4, { held: 3 })) blocks.push(bytes);
    assert.deepEqual(
      blocks.map((bytes) => Buffer.from(bytes).toString("latin1")),
      ["dd\0\0", "\0b\0\0", "\0\0\0c", "dd\0\0"],
    );
  });

  test("isZero finds a single byte anywhere, beyond 1 MiB too", () => {
    const bytes = new Uint8Array((2 << 20) + 3);
    assert.equal(isZero(bytes), true);
    bytes[bytes.length - 1] = 1;
    assert.equal(isZero(bytes), false);
  });
});

describe("identifiers", () => {
  test("depend on the seed and the role only", () => {
    assert.equal(uuidFrom("sha256:aa", "disk"), uuidFrom("sha256:aa", "disk"));
    assert.notEqual(uuidFrom("sha256:aa", "disk"), uuidFrom("sha256:aa", "esp"));
    assert.notEqual(serialFrom("sha256:aa", "esp"), serialFrom("sha256:ab", "esp"));
    assert.match(uuidFrom("x", "y"), /^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  });

  test("as EFI GUIDs have their first three fields in little-endian order", () => {
    assert.equal(guidBytes("c12a7328-f81f-11d2-ba4b-00a0c93ec93b").toString("hex"), "28732ac11ff8d211ba4b00a0c93ec93b");
    assert.throws(() => uuidBytes("c12a7328"), { code: "INVALID_DEFINITION" });
  });
});
