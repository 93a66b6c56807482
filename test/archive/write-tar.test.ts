import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { describe, test } from "node:test";
import tarStream from "tar-stream";
import { directoryEntry, type Entry, fileEntry, NO_BODY, symlinkEntry } from "../../sdk/archive/entry.ts";
import { decodePath } from "../../sdk/archive/path.ts";
import { readTar } from "../../sdk/archive/read-tar.ts";
import { fitsOctal, splitName } from "../../sdk/archive/tar-header.ts";
import { writeTar } from "../../sdk/archive/write-tar.ts";
import { collect } from "../../sdk/core/bytes.ts";

const long = `${"d".repeat(90)}/${"e".repeat(90)}/${"f".repeat(120)}`;
const other = (path: string, type: Entry["type"], more: Partial<Entry>): Entry => ({
  path,
  type,
  mode: 0o644,
  uid: 0,
  gid: 0,
  size: 0,
  mtime: 0,
  body: NO_BODY,
  ...more,
});
const entries: Entry[] = [
  directoryEntry("d", 0o1777),
  fileEntry("d/a", "hello\n", 0o4755, { uid: 1000, gid: 1001, mtime: 1492533000 }),
  fileEntry("d/empty", ""),
  fileEntry("d/block", Buffer.alloc(512, "x")),
  fileEntry(`${"p".repeat(120)}/name`, "prefix"),
  fileEntry(long, "long"),
  fileEntry("ünï/cødé", "utf-8"),
  fileEntry("owner", "big", 0o600, { uid: 4_000_000_000, gid: 3_000_000, mtime: 1 }),
  symlinkEntry("s", `/${long}`),
  other("d/hard", "hardlink", { link: "d/a" }),
  other("console", "character", { major: 5, minor: 1, mode: 0o600 }),
  other("disk", "block", { major: 8, minor: 3 }),
  other("pipe", "fifo", {}),
];

test("GNU tar lists what was written", async () => {
  const archive = await collect(writeTar(entries));
  const listing = execFileSync("tar", ["-tvf", "-", "--numeric-owner", "--quoting-style=literal", "--utc"], { input: archive }).toString();
  const lines = listing
    .trimEnd()
    .split("\n")
    .map((line) => line.replace(/\s+/g, " "));
  assert.deepEqual(lines, [
    "drwxrwxrwt 0/0 0 1970-01-01 00:00 d/",
    "-rwsr-xr-x 1000/1001 6 2017-04-18 16:30 d/a",
    "-rw-r--r-- 0/0 0 1970-01-01 00:00 d/empty",
    "-rw-r--r-- 0/0 512 1970-01-01 00:00 d/block",
    `-rw-r--r-- 0/0 6 1970-01-01 00:00 ${"p".repeat(120)}/name`,
    `-rw-r--r-- 0/0 4 1970-01-01 00:00 ${long}`,
    "-rw-r--r-- 0/0 5 1970-01-01 00:00 ünï/cødé",
    "-rw------- 4000000000/3000000 3 1970-01-01 00:00 owner",
    `lrwxrwxrwx 0/0 0 1970-01-01 00:00 s -> /${long}`,
    "hrw-r--r-- 0/0 0 1970-01-01 00:00 d/hard link to d/a",
    "crw------- 0/0 5,1 1970-01-01 00:00 console",
    "brw-r--r-- 0/0 8,3 1970-01-01 00:00 disk",
    "prw-r--r-- 0/0 0 1970-01-01 00:00 pipe",
  ]);
});

test("tar-stream reads the same names, sizes and bodies", async () => {
  const extract = tarStream.extract();
  extract.end(await collect(writeTar(entries)));
  const got: unknown[] = [];
  for await (const member of extract) {
    const { name, size, linkname } = member.header;
    got.push([name.replace(/\/$/, ""), size, linkname ?? undefined, (await collect(member as AsyncIterable<Uint8Array>)).toString()]);
  }
  const want = await Promise.all(
    entries.map(async (entry) => [entry.path, entry.size, entry.link, (await collect(entry.body)).toString()]),
  );
  assert.deepEqual(got, want);
});

test("extended attributes and names that are not UTF-8 survive", async () => {
  const odd = decodePath(Buffer.from([0x6c, 0xe9]));
  const rows: Entry[] = [
    {
      ...fileEntry(odd, "short"),
      xattrs: new Map([
        ["security.capability", Buffer.from([1, 0, 0, 2, 0, 10])],
        ["user.a", Buffer.from("=\n")],
      ]),
    },
    fileEntry(`${"x/".repeat(140)}${odd}`, "long"),
    { ...fileEntry("negative", ""), mtime: -5 },
    { ...other("huge", "hardlink", { link: `${"y/".repeat(140)}z` }) },
  ];
  const archive = await collect(writeTar(rows));
  const back = [];
  for await (const { body, ...header } of readTar([archive])) back.push({ ...header, text: (await collect(body)).toString() });
  assert.deepEqual(
    back,
    await Promise.all(rows.map(async ({ body, ...header }) => ({ ...header, text: (await collect(body)).toString() }))),
  );
  const listed = execFileSync("tar", ["-tf", "-", "--quoting-style=escape"], { input: archive }).toString();
  assert.match(listed, /l\\351\n(x\/)+l\\351\nnegative/);
});

test("a size of 8 GiB goes into a pax header", async () => {
  const size = 8 * 2 ** 30;
  const big: Entry = { ...fileEntry("big", ""), size, body: [] };
  const chunks: Uint8Array[] = [];
  await assert.rejects(
    async () => {
      for await (const chunk of writeTar([big])) chunks.push(chunk);
    },
    { code: "SIZE_MISMATCH" },
  );
  assert.match(Buffer.concat(chunks).toString("latin1"), /19 size=8589934592\n/);
});

describe("fitsOctal knows which numbers fit a ustar field:", () => {
  for (const [field, value, want] of [
    ["uid", 0o7777777, true],
    ["uid", 0o10000000, false],
    ["size", 8 ** 11 - 1, true],
    ["size", 8 ** 11, false],
    ["mtime", -1, false],
    ["mtime", 1.5, false],
  ] as const) {
    test(`${field} ${value}: ${want}`, () => assert.equal(fitsOctal(field, value), want));
  }
});

describe("splitName divides a name at a slash, where both parts fit:", () => {
  for (const [name, want] of [
    ["a".repeat(100), ["", "a".repeat(100)]],
    ["a".repeat(101), undefined],
    [`${"a".repeat(155)}/${"b".repeat(100)}`, ["a".repeat(155), "b".repeat(100)]],
    [`${"a".repeat(156)}/${"b".repeat(99)}`, undefined],
    [`${"a".repeat(154)}/${"b".repeat(101)}`, undefined],
    [`/${"b".repeat(100)}`, undefined],
    [`${"a".repeat(100)}/`, undefined],
  ] as const) {
    test(`${name.length} bytes${want ? ` into ${want[0].length} and ${want[1].length}` : ", which do not fit"}`, () => {
      const split = splitName(Buffer.from(name));
      assert.deepEqual(split && [Buffer.from(split.prefix).toString(), Buffer.from(split.name).toString()], want);
    });
  }
});

test("a body shorter or longer than its header says is refused", async () => {
  for (const size of [2, 4])
    await assert.rejects(collect(writeTar([{ ...fileEntry("f", "abc"), size }])), {
      code: "SIZE_MISMATCH",
      detail: { path: "f", want: size, got: 3 },
    });
});
