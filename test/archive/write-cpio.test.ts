import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { lstatSync, mkdtempSync, readFileSync, readlinkSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import { encodeCpioHeader } from "../../sdk/archive/cpio-header.ts";
import { directoryEntry, type Entry, fileEntry, NO_BODY, symlinkEntry } from "../../sdk/archive/entry.ts";
import { type CpioEntry, writeCpio } from "../../sdk/archive/write-cpio.ts";
import { collect } from "../../sdk/core/bytes.ts";

const hardlink = (path: string, link: string): Entry => ({ ...fileEntry(path, ""), type: "hardlink", link, body: NO_BODY });
const shared = (path: string, content: string, names: number, mode = 0o644): CpioEntry => ({ ...fileEntry(path, content, mode), names });
const device = (path: string, type: "character" | "block", major: number, minor: number): Entry => ({
  ...fileEntry(path, "", 0o600),
  type,
  major,
  minor,
});

const cpio = (archive: Buffer, ...args: string[]): string =>
  execFileSync("cpio", ["--quiet", ...args], { input: archive, stdio: ["pipe", "pipe", "inherit"] }).toString("latin1");

describe("GNU cpio lists", () => {
  const rows: { name: string; entries: CpioEntry[]; want: string }[] = [
    { name: "an empty archive", entries: [], want: "" },
    {
      name: "bodies of every length modulo four",
      entries: ["", "1", "22", "333", "4444"].map((text, at) => fileEntry(`f${at}`, text)),
      want: "f0\nf1\nf2\nf3\nf4\n",
    },
    {
      name: "names of every length modulo four",
      entries: ["a", "bb", "ccc", "dddd"].map((path) => fileEntry(path, path)),
      want: "a\nbb\nccc\ndddd\n",
    },
    { name: "the root", entries: [directoryEntry("")], want: ".\n" },
    { name: "a name that is not UTF-8", entries: [fileEntry("l\udce9", "x")], want: "l\xe9\n" },
  ];
  for (const { name, entries, want } of rows) {
    test(name, async () => assert.equal(cpio(await collect(writeCpio(entries)), "-t"), want));
  }
  test("types, modes, owners, sizes and devices", async () => {
    const archive = await collect(
      writeCpio([
        directoryEntry("d", 0o1777),
        fileEntry("d/suid", "abc", 0o4755, { uid: 12, gid: 34, mtime: 86400 }),
        symlinkEntry("d/s", "../x"),
        device("console", "character", 5, 1),
        device("disk", "block", 259, 300),
        { ...fileEntry("pipe", ""), type: "fifo" },
      ]),
    );
    const lines = cpio(archive, "-tvn")
      .trimEnd()
      .split("\n")
      .map((line) => line.replace(/\s+/g, " "));
    assert.deepEqual(
      lines.map((line) => line.replace(/ [A-Z][a-z]{2} \d+ \d{4} /, " ")),
      [
        "drwxrwxrwt 2 0 0 0 d",
        "-rwsr-xr-x 1 12 34 3 d/suid",
        "lrwxrwxrwx 1 0 0 4 d/s -> ../x",
        "crw------- 1 0 0 5, 1 console",
        "brw------- 1 0 0 259, 300 disk",
        "prw-r--r-- 1 0 0 0 pipe",
      ],
    );
  });
});

test("GNU cpio extracts contents, symlinks and hard links", async () => {
  const folder = mkdtempSync(join(tmpdir(), "cpio-"));
  try {
    const archive = await collect(
      writeCpio([
        directoryEntry("d"),
        shared("d/one", "same", 3, 0o600),
        fileEntry("d/alone", "x"),
        hardlink("d/two", "d/one"),
        symlinkEntry("l", "d/two"),
        hardlink("three", "d/one"),
      ]),
    );
    execFileSync("cpio", ["-i", "--quiet", "-D", folder, "--no-preserve-owner"], { input: archive });
    for (const path of ["d/one", "d/two", "three"]) {
      assert.equal(readFileSync(join(folder, path), "utf8"), "same");
      assert.equal(lstatSync(join(folder, path)).ino, lstatSync(join(folder, "d/one")).ino);
      assert.equal(lstatSync(join(folder, path)).mode & 0o777, 0o600);
    }
    assert.equal(lstatSync(join(folder, "d/one")).nlink, 3);
    assert.equal(lstatSync(join(folder, "d/alone")).nlink, 1);
    assert.equal(readlinkSync(join(folder, "l")), "d/two");
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("hard links share an inode number and link count, and only the first has data", async () => {
  const archive = (await collect(writeCpio([shared("one", "same", 2), hardlink("two", "one"), fileEntry("x", "")]))).toString("latin1");
  const headers = [...archive.matchAll(/070701([0-9a-f]{104})/g)].map(
    ([, fields]) => (fields as string).match(/.{8}/g)?.map((field) => Number.parseInt(field, 16)) as number[],
  );
  // inode, links, size, of "one", "two", "x" and the trailer
  assert.deepEqual(
    headers.map((fields) => [fields[0], fields[4], fields[6]]),
    [
      [1, 2, 4],
      [1, 2, 0],
      [2, 1, 0],
      [0, 1, 0],
    ],
  );
});

test("every header starts at a multiple of four, and the archive ends with its trailer", async () => {
  const archive = await collect(writeCpio([fileEntry("abc", "12345"), fileEntry("abcd", "1")]));
  assert.equal(archive.length % 4, 0);
  for (const match of archive.toString("latin1").matchAll(/070701/g)) assert.equal(match.index % 4, 0);
  assert.match(archive.toString("latin1"), /TRAILER!!!\0+$/);
});

describe("writeCpio refuses", () => {
  const rows: { name: string; entries: CpioEntry[]; code: string; message: RegExp }[] = [
    { name: "a file of 4 GiB", entries: [{ ...fileEntry("big", ""), size: 2 ** 32 }], code: "TOO_LARGE", message: /smaller than 4 GiB/ },
    { name: "an owner beyond 32 bits", entries: [fileEntry("f", "", 0o644, { uid: 2 ** 32 })], code: "TOO_LARGE", message: /32 bits/ },
    {
      name: "a path of 4096 bytes",
      entries: [fileEntry("p".repeat(4096), "")],
      code: "TOO_LARGE",
      message: /4096 bytes, wanted at most 4095/,
    },
    { name: "a target of 4096 bytes", entries: [symlinkEntry("s", "p".repeat(4096))], code: "TOO_LARGE", message: /wanted at most 4095/ },
    { name: "an empty target", entries: [symlinkEntry("s", "")], code: "CORRUPT", message: /without a target/ },
    { name: "the trailer's name", entries: [fileEntry("TRAILER!!!", "")], code: "CORRUPT", message: /end the archive/ },
    { name: "a NUL in a name", entries: [fileEntry("a\0b", "")], code: "CORRUPT", message: /NUL/ },
    {
      name: "a hard link before its file",
      entries: [hardlink("b", "a"), shared("a", "x", 2)],
      code: "CORRUPT",
      message: /wanted an earlier file/,
    },
    {
      name: "a hard link to a file with one name",
      entries: [fileEntry("a", "x"), hardlink("b", "a")],
      code: "CORRUPT",
      message: /wanted an earlier file with names above 1/,
    },
    {
      name: "a short body",
      entries: [{ ...fileEntry("f", "abc"), size: 4 }],
      code: "SIZE_MISMATCH",
      message: /f: its header declares 4 bytes, but its body has 3/,
    },
    { name: "a long body", entries: [{ ...fileEntry("f", "abc"), size: 2 }], code: "SIZE_MISMATCH", message: /body has more/ },
  ];
  for (const { name, entries, code, message } of rows) {
    test(name, () => assert.rejects(collect(writeCpio(entries)), { code, message }));
  }
});

test("a cpio header holds a size of 2^32 - 1", () => {
  const header = encodeCpioHeader({
    inode: 1,
    mode: 0,
    uid: 0,
    gid: 0,
    links: 1,
    mtime: 0,
    size: 2 ** 32 - 1,
    major: 0,
    minor: 0,
    name: Buffer.from("f"),
  });
  assert.equal(header.toString("latin1", 54, 62), "ffffffff");
});
