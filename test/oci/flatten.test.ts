import assert from "node:assert/strict";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { type Entry, NO_BODY, directoryEntry, fileEntry, symlinkEntry } from "../../sdk/archive/entry.ts";
import { writeTar } from "../../sdk/archive/write-tar.ts";
import { collect } from "../../sdk/core/bytes.ts";
import { digestOf } from "../../sdk/core/digest.ts";
import type { LinuxKitErrorCode } from "../../sdk/core/errors.ts";
import { type FlattenOptions, flatten } from "../../sdk/oci/flatten/flatten.ts";
import { Tree } from "../../sdk/oci/flatten/tree.ts";
import type { Layer } from "../../sdk/oci/layer.ts";
import { Random } from "../support/random.ts";
import { randomLayers } from "../support/random-layers.ts";
import { layerOf, tarOf } from "../support/test-image.ts";

const spoolDirectory = await mkdtemp(join(tmpdir(), "flatten-"));
after(() => rm(spoolDirectory, { recursive: true }));

const hardlink = (path: string, link: string): Entry => ({ ...fileEntry(path, ""), type: "hardlink", link });
const whiteout = (path: string): Entry => fileEntry(path, "");

async function layersOf(...stack: readonly Entry[][]): Promise<Layer[]> {
  return Promise.all(stack.map(async (entries) => layerOf(gzipSync(await tarOf(entries)))));
}

/** The tree as lines: `path content`, `path -> link`, `path = first name`, `path/`. */
async function shown(layers: readonly Layer[], options: FlattenOptions = {}): Promise<string[]> {
  const lines: string[] = [];
  for await (const { path, type, link, body } of flatten(layers, { spoolDirectory, ...options })) {
    if (type === "file") lines.push(`${path} ${(await collect(body)).toString()}`);
    else
      lines.push(
        type === "directory" ? `${path}/` : `${path} ${type === "symlink" ? "->" : type === "hardlink" ? "=" : type} ${link ?? ""}`.trim(),
      );
  }
  return lines;
}

describe("flatten applies", () => {
  const rows: [string, Entry[][], string[]][] = [
    ["no layers", [], []],
    ["a file over a lower one", [[fileEntry("a", "1")], [fileEntry("a", "2")]], ["a 2"]],
    [
      "entries sorted by path, parents first",
      [[fileEntry("b/c", "1"), fileEntry("b-", "2"), directoryEntry("b")], [fileEntry("a", "3")]],
      ["a 3", "b/", "b- 2", "b/c 1"],
    ],
    ["a whiteout", [[fileEntry("d/a", "1"), fileEntry("d/b", "2")], [whiteout("d/.wh.a")]], ["d/", "d/b 2"]],
    ["a whiteout of a directory", [[fileEntry("d/a", "1")], [whiteout(".wh.d")]], []],
    ["a whiteout of a path that does not exist", [[fileEntry("a", "1")], [whiteout("x/.wh.y")]], ["a 1"]],
    [
      "a whiteout to lower layers only, before and after entries of its own layer",
      [
        [fileEntry("d/a", "1"), fileEntry("d/b", "1")],
        [fileEntry("d/a", "2"), whiteout(".wh.d"), fileEntry("d/c", "2")],
      ],
      ["d/", "d/a 2", "d/c 2"],
    ],
    [
      "an opaque directory",
      [
        [fileEntry("d/a", "1"), fileEntry("d/e/f", "1")],
        [fileEntry("d/b", "2"), whiteout("d/.wh..wh..opq")],
      ],
      ["d/", "d/b 2"],
    ],
    ["an opaque root", [[fileEntry("a", "1")], [whiteout(".wh..wh..opq"), fileEntry("b", "2")]], ["b 2"]],
    [
      "a directory over a file, and the reverse",
      [
        [fileEntry("a", "1"), fileEntry("d/x", "1")],
        [directoryEntry("a"), fileEntry("a/y", "2"), fileEntry("d", "2")],
      ],
      ["a/", "a/y 2", "d 2"],
    ],
    [
      "a path through a link that climbs above the root, which ends at the root",
      [
        [directoryEntry("d"), symlinkEntry("d/l", "../../../etc"), fileEntry("etc/a", "1")],
        [fileEntry("d/l/b", "2"), hardlink("c", "d/l/a")],
      ],
      ["d/", "d/l -> ../../../etc", "etc/", "etc/a 1", "c = etc/a", "etc/b 2"],
    ],
    ["a path through a link past a missing directory", [[symlinkEntry("l", "dir/..")], [fileEntry("l/a", "1")]], ["a 1", "l -> dir/.."]],
    [
      "a path through a link past a file",
      [[symlinkEntry("l", "dir/.."), fileEntry("dir", "f")], [fileEntry("l/a", "1")]],
      ["a 1", "dir f", "l -> dir/.."],
    ],
    ["a path through a link that climbs to the root", [[symlinkEntry("l", "../..")], [fileEntry("l/a", "1")]], ["a 1", "l -> ../.."]],
    [
      "names with .., which end at the root",
      [
        [fileEntry("../a", "1"), fileEntry("d/../b", "1"), directoryEntry("d/.."), hardlink("c", "../../a")],
        [fileEntry("../../b", "2"), whiteout("d/../.wh.a")],
      ],
      ["/", "b 2", "c 1"],
    ],
    ["a path through a link to /", [[symlinkEntry("l", "/")], [fileEntry("l/a", "1")]], ["a 1", "l -> /"]],
    [
      "a path through a link to / by ..",
      [[directoryEntry("d"), symlinkEntry("l", "d/..")], [fileEntry("l/l/d/a", "1")]],
      ["d/", "d/a 1", "l -> d/.."],
    ],
    [
      "a path through a link to a link to /",
      [[symlinkEntry("l", "m"), symlinkEntry("m", "/.")], [fileEntry("l/a", "1")]],
      ["a 1", "l -> m", "m -> /."],
    ],
    ["a whiteout through a link to /", [[symlinkEntry("l", "/"), fileEntry("a", "1")], [whiteout("l/.wh.a")]], ["l -> /"]],
    ["a whiteout through a link to /, of that link", [[symlinkEntry("l", "/"), fileEntry("a", "1")], [whiteout("l/.wh.l")]], ["a 1"]],
    [
      "an opaque link to /",
      [
        [symlinkEntry("l", "/"), fileEntry("a", "1")],
        [whiteout("l/.wh..wh..opq"), fileEntry("b", "2")],
      ],
      ["b 2"],
    ],
    [
      "a hard link through a link to /",
      [[symlinkEntry("l", "/.."), fileEntry("a", "1"), hardlink("b", "l/a")]],
      ["a 1", "b = a", "l -> /.."],
    ],
    ["a directory over a directory, whose contents stay", [[fileEntry("d/a", "1")], [directoryEntry("d", 0o700)]], ["d/", "d/a 1"]],
    ["a directory over a link to one", [[fileEntry("d/a", "1"), symlinkEntry("l", "d")], [directoryEntry("l")]], ["d/", "d/a 1", "l/"]],
    [
      "a hard link within a layer",
      [[fileEntry("b", "1"), hardlink("a", "b"), hardlink("c", "a"), fileEntry("a-", "2")]],
      ["a- 2", "b 1", "a = b", "c = b"],
    ],
    [
      "hard links whose file is removed",
      [[fileEntry("b", "1"), hardlink("a", "b"), hardlink("c", "b")], [whiteout(".wh.b")]],
      ["a 1", "c = a"],
    ],
    ["a hard link into a lower layer", [[fileEntry("a", "1")], [hardlink("b", "a")]], ["a 1", "b = a"]],
    [
      "a hard link whose target is replaced later",
      [[fileEntry("a", "1")], [hardlink("b", "a"), whiteout(".wh.a")], [fileEntry("a", "2")]],
      ["a 2", "b 1"],
    ],
    ["a hard link to a symlink, as another symlink", [[symlinkEntry("a", "x"), hardlink("b", "a")]], ["a -> x", "b -> x"]],
    [
      "a path through a link of a lower layer",
      [
        [directoryEntry("usr/lib"), symlinkEntry("lib", "usr/lib"), symlinkEntry("l2", "/lib")],
        [fileEntry("lib/a", "1"), fileEntry("l2/b", "2")],
      ],
      ["l2 -> /lib", "lib -> usr/lib", "usr/", "usr/lib/", "usr/lib/a 1", "usr/lib/b 2"],
    ],
    ["a whiteout through a link", [[fileEntry("d/a", "1"), symlinkEntry("l", "d")], [whiteout("l/.wh.a")]], ["d/", "l -> d"]],
    ["a link to the root that no path passes", [[symlinkEntry("l", "/")]], ["l -> /"]],
    ["the root, if a layer holds it", [[directoryEntry("", 0o700)]], ["/"]],
    [
      "a fifo and devices",
      [
        [
          { ...fileEntry("f", ""), type: "fifo" },
          { ...fileEntry("n", ""), type: "character", major: 1, minor: 3 },
        ],
      ],
      ["f fifo", "n character"],
    ],
    [
      "names that are not UTF-8, and long ones",
      [[fileEntry("\udcff", "1"), fileEntry(`${"n".repeat(255)}/${"m".repeat(255)}`, "2")]],
      [`${"n".repeat(255)}/`, `${"n".repeat(255)}/${"m".repeat(255)} 2`, "\udcff 1"],
    ],
  ];
  for (const [name, stack, want] of rows) test(name, async () => assert.deepEqual(await shown(await layersOf(...stack)), want));
});

test("flatten keeps modes, owners, times, attributes and device numbers", async () => {
  const xattrs = new Map([["security.capability", Buffer.from("01000002", "hex")]]);
  const entries: Entry[] = [
    { ...directoryEntry("d", 0o2750, { uid: 5, gid: 6, mtime: 7 }), xattrs },
    { ...fileEntry("d/f", "x", 0o4711, { uid: 1, gid: 2, mtime: 3 }), xattrs },
    { path: "n", type: "block", mode: 0o660, uid: 0, gid: 6, size: 0, mtime: 9, major: 259, minor: 70_000, body: NO_BODY },
  ];
  const seen: unknown[] = [];
  for await (const { body, ...header } of flatten(await layersOf(entries), { spoolDirectory })) {
    await collect(body);
    seen.push(header);
  }
  assert.deepEqual(
    seen,
    entries.map(({ body: _, ...header }) => header),
  );
});

describe("flatten reads a layer in", async () => {
  const tar = await tarOf([fileEntry("a", "1".repeat(100_000))]);
  const half = tar.length >> 1;
  const skippable = Buffer.from("502a4d1803000000aabbcc", "hex");
  const rows: [string, Buffer][] = [
    ["no compression", tar],
    ["gzip", gzipSync(tar)],
    ["gzip of two members", Buffer.concat([gzipSync(tar.subarray(0, half)), gzipSync(tar.subarray(half))])],
    ["zstd", zstdCompressSync(tar)],
    [
      "zstd of several frames, some of them skippable",
      Buffer.concat([skippable, zstdCompressSync(tar.subarray(0, half)), skippable, zstdCompressSync(tar.subarray(half)), skippable]),
    ],
  ];
  for (const [name, blob] of rows) {
    test(name, async () => assert.deepEqual(await shown([layerOf(blob, digestOf(tar))]), [`a ${"1".repeat(100_000)}`]));
    if (blob === tar) continue;
    test(`${name}, and refuses it cut short`, async () => {
      for (const cut of [5, blob.length >> 1, blob.length - 14])
        await assert.rejects(shown([layerOf(blob.subarray(0, cut))]), { code: "CORRUPT" });
    });
  }
});

describe("flatten takes what other builders write", () => {
  test("an empty layer, and one of an empty archive, in each compression", async () => {
    const own = layerOf(gzipSync(await tarOf([fileEntry("a", "1")])));
    for (const tar of [Buffer.alloc(0), Buffer.alloc(1024)])
      for (const blob of [tar, gzipSync(tar), zstdCompressSync(tar)])
        assert.deepEqual(await shown([own, layerOf(blob, digestOf(tar))]), ["a 1"]);
  });
  test("a tar without its end, whose digest is right, but not one that is cut in a member", async () => {
    const tar = (await tarOf([fileEntry("a", "1")])).subarray(0, 1024);
    assert.deepEqual(await shown([layerOf(gzipSync(tar), digestOf(tar))]), ["a 1"]);
    for (const length of [1, 511, 513, 1023])
      await assert.rejects(
        shown([layerOf(gzipSync(tar.subarray(0, length)))]),
        { code: "CORRUPT", message: /cut short|ends/ },
        String(length),
      );
  });
  test("200 MiB of zeroes in 200 kB", { timeout: 60_000 }, async () => {
    const parts: Uint8Array[] = [];
    for await (const part of writeTar([fileEntry("zeroes", Buffer.alloc(200 << 20))])) parts.push(part);
    const layer = layerOf(gzipSync(Buffer.concat(parts), { level: 6 }));
    assert.ok(layer.size < 300_000);
    let size = 0;
    for await (const entry of flatten([layer], { spoolDirectory })) size += entry.size;
    assert.equal(size, 200 << 20);
  });
  for (const [name, hex] of [
    ["xz", "fd377a585a000004e6d6b446"],
    ["bzip2", "425a683931415926535900"],
  ] as const) {
    test(`but refuses ${name} by its name`, () =>
      assert.rejects(shown([layerOf(Buffer.from(hex, "hex"))]), {
        code: "UNSUPPORTED",
        message: new RegExp(`: got data in ${name}, wanted gzip, zstd or no compression: compress it again`),
      }));
  }
  test("a tar whose first name begins as bzip2 does", async () => {
    assert.deepEqual(await shown([layerOf(await tarOf([fileEntry("BZh9", "1")]))]), ["BZh9 1"]);
  });
});

describe("flatten refuses", () => {
  const rows: [string, Entry[][], LinuxKitErrorCode, RegExp?][] = [
    [
      "a loop of links",
      [[symlinkEntry("a", "b"), symlinkEntry("b", "a")], [fileEntry("a/x", "1")]],
      "HOSTILE_ARCHIVE",
      /too many symbolic links/,
    ],
    ["a hard link to the root", [[hardlink("a", "/")]], "HOSTILE_ARCHIVE", /a hard link to the root/],
    [
      "a hard link through a link that climbs above the root, to a file of the host",
      [[symlinkEntry("l", "../../../.."), hardlink("a", "l/etc/passwd")]],
      "CORRUPT",
      /which does not exist/,
    ],
    ["a root that is a link", [[{ ...symlinkEntry("", "/etc") }]], "HOSTILE_ARCHIVE", /the root of an image must be a directory/],
    ["a file over the root", [[fileEntry("d/..", "1")]], "HOSTILE_ARCHIVE", /the root of an image must be a directory/],
    ["a hard link to the root by ..", [[hardlink("a", "d/..")]], "HOSTILE_ARCHIVE", /a hard link to the root/],
    ["a whiteout of the parent", [[whiteout("d/.wh...")]], "HOSTILE_ARCHIVE", /a whiteout of "\.\."/],
    ["a whiteout without a name", [[whiteout("d/.wh.")]], "HOSTILE_ARCHIVE"],
    ["a path of 4096 bytes", [[fileEntry(`${"d/".repeat(2047)}aa`, "")]], "HOSTILE_ARCHIVE", /a path of 4096 bytes/],
    ["a name of 256 bytes", [[fileEntry("é".repeat(128), "")]], "HOSTILE_ARCHIVE", /a name of more than 255 bytes/],
    ["a hard link to a path that does not exist", [[hardlink("a", "b")]], "CORRUPT", /a hard link to b, which does not exist/],
    ["a hard link to itself", [[fileEntry("a", "1"), hardlink("a", "a")]], "CORRUPT"],
    ["a hard link to a directory", [[directoryEntry("d"), hardlink("a", "d")]], "CORRUPT", /which is a directory/],
    ["a path through a file", [[fileEntry("a", "1")], [fileEntry("a/b", "1")]], "CORRUPT", /a\/b: its parent a is not a directory/],
    ["an owner beyond 32 bits", [[fileEntry("a", "1", 0o644, { uid: 2 ** 32 })]], "CORRUPT", /uid is 4294967296/],
  ];
  for (const [name, stack, code, message = /./] of rows) {
    test(name, async () =>
      assert.rejects(
        layersOf(...stack).then((layers) => shown(layers)),
        { code, message },
      ),
    );
  }

  test("a member with a size beyond the end of the archive", async () => {
    const tar = await tarOf([fileEntry("a", "1")]);
    tar.write("77777777777", 124);
    checksum(tar);
    await assert.rejects(shown([layerOf(tar)]), { code: "CORRUPT", message: /cut short/ });
  });
  test("a blob whose size or digest is not the declared one", async () => {
    const layer = layerOf(await tarOf([fileEntry("a", "1")]));
    for (const size of [layer.size - 1, layer.size + 1]) await assert.rejects(shown([{ ...layer, size }]), { code: "SIZE_MISMATCH" });
    await assert.rejects(shown([{ ...layer, digest: digestOf("") }]), { code: "DIGEST_MISMATCH" });
    await assert.rejects(shown([{ ...layer, diffId: digestOf("") }]), { code: "DIGEST_MISMATCH", message: /uncompressed/ });
  });
  test("a decompression bomb, by its ratio, in gzip and zstd", { timeout: 30_000 }, async () => {
    const zeroes = Buffer.alloc(128 << 20);
    for (const blob of [gzipSync(zeroes), zstdCompressSync(zeroes)])
      await assert.rejects(shown([layerOf(blob)], { limits: { free: 64 << 20 } }), {
        code: "HOSTILE_ARCHIVE",
        message: /a decompression bomb/,
      });
  });
  test("more bytes than the limit, over all layers", async () => {
    const layers = await layersOf([fileEntry("a", "1".repeat(6000))], [fileEntry("b", "1".repeat(6000))]);
    await assert.rejects(shown(layers, { limits: { bytes: 10_000 } }), { code: "HOSTILE_ARCHIVE", message: /more than 10000 bytes/ });
  });
  test("too many members, and too many bytes of names", async () => {
    const layers = await layersOf([fileEntry("a", "1")], [fileEntry("a", "1"), whiteout(".wh.b")]);
    assert.equal((await shown(layers, { limits: { entries: 3 } })).length, 1);
    await assert.rejects(shown(layers, { limits: { entries: 2 } }), { code: "HOSTILE_ARCHIVE", message: /more than 2 members/ });
    await assert.rejects(shown(layers, { limits: { metadataBytes: 6 } }), { code: "HOSTILE_ARCHIVE", message: /bytes of names/ });
  });
});

describe("a tree takes time by the number of its members alone", () => {
  const many = 60_000;
  const times = (make: (at: number) => Entry): Entry[] => Array.from({ length: many }, (_, at) => make(at));
  const files = times((at) => fileEntry(`d/${at}`, ""));
  // the square of the members would take minutes
  const rows: [string, Entry[], (tree: Tree) => void, number][] = [
    ["opaque markers over files", files, (tree) => tree.whiteOutContents("d"), many],
    ["whiteouts of a directory of their own layer", files, (tree) => tree.whiteOut("d"), many],
    ["links to a file that sorts after them", [fileEntry("z", ""), ...times((at) => hardlink(`a${at}`, "z"))], () => {}, many + 1],
  ];
  for (const [name, entries, marker, count] of rows) {
    test(name, { timeout: 60_000 }, () => {
      const tree = new Tree(() => {});
      tree.nextLayer("layer");
      for (const { body, ...header } of entries) tree.add(header, 0);
      for (let at = 0; at < many; at++) marker(tree);
      assert.equal([...tree.paths()].filter(({ inode }) => inode.type === "file").length, count);
    });
  }
});

describe("flatten refuses members that cost more than their bytes", () => {
  const depth = (parts: number) => "d/".repeat(parts);
  const chain = Array.from({ length: 40 }, (_, at) => symlinkEntry(`l${at}`, at === 0 ? "d" : `${"./".repeat(2000)}l${at - 1}`));
  const rows: [string, Entry[], RegExp][] = [
    ["a symlink to a megabyte", [symlinkEntry("l", "./".repeat(500_000))], /l: a symbolic link to 1000000 bytes, wanted less than 4096/],
    [
      "members through long links",
      [directoryEntry("d"), ...chain, ...Array.from({ length: 1000 }, (_, at) => fileEntry(`l39/${at}`, ""))],
      /passes symbolic links of more than 32000000 parts/,
    ],
    [
      "parents that no member names",
      Array.from({ length: 600 }, (_, at) => fileEntry(`${at}/${depth(1900)}f`, "")),
      /more than 1000000 members with the layers below it|more than 268435456 bytes of names and attributes/,
    ],
  ];
  for (const [name, entries, message] of rows) {
    test(name, { timeout: 60_000 }, async () => assert.rejects(shown(await layersOf(entries)), { code: "HOSTILE_ARCHIVE", message }));
  }
});

test("the same layers give the same entries in any compression, and no spool file is left", async () => {
  const tars = await Promise.all(randomLayers(new Random(4)).map(tarOf));
  const want = await shown(tars.map((tar) => layerOf(tar)));
  assert.ok(want.length > 3);
  assert.deepEqual(await shown(tars.map((tar) => layerOf(gzipSync(tar)))), want);
  const paths = want.filter((line) => !line.includes(" = ")).map((line) => line.split(" ")[0]?.replace(/\/$/, ""));
  assert.deepEqual(paths, paths.toSorted());
  for await (const _ of flatten(
    tars.map((tar) => layerOf(tar)),
    { spoolDirectory },
  ))
    break;
  assert.deepEqual(await readdir(spoolDirectory), []);
});

test("flatten throws CANCELLED when aborted", async () => {
  const signal = AbortSignal.abort();
  await assert.rejects(shown(await layersOf([fileEntry("a", "1")]), { signal }), { code: "CANCELLED" });
});

/** Updates the checksum of the first header. */
function checksum(tar: Buffer): void {
  tar.fill(" ", 148, 156);
  const sum = tar.subarray(0, 512).reduce((total, byte) => total + byte, 0);
  tar.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
}
