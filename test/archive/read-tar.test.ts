import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, linkSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import type { Entry } from "../../sdk/archive/entry.ts";
import { encodePath } from "../../sdk/archive/path.ts";
import { encodePax } from "../../sdk/archive/pax.ts";
import { readTar } from "../../sdk/archive/read-tar.ts";
import { encodeTarHeader, type TarHeader } from "../../sdk/archive/tar-header.ts";
import { collect } from "../../sdk/core/bytes.ts";

const folder = mkdtempSync(join(tmpdir(), "read-tar-"));
after(() => rmSync(folder, { recursive: true }));

const END = Buffer.alloc(1024);

function block(fields: Partial<Omit<TarHeader, "name" | "link">> & { name?: string; link?: string }): Buffer {
  const { name, link, ...rest } = fields;
  return encodeTarHeader({
    mode: 0o644,
    uid: 0,
    gid: 0,
    size: 0,
    mtime: 0,
    type: "0",
    major: 0,
    minor: 0,
    ...rest,
    name: Buffer.from(name ?? "f"),
    link: Buffer.from(link ?? ""),
  });
}

/** Changes a field of a header block and updates its checksum. */
function patch(header: Buffer, offset: number, bytes: string | Uint8Array): Buffer {
  const patched = Buffer.from(header);
  patched.set(typeof bytes === "string" ? Buffer.from(bytes, "latin1") : bytes, offset);
  patched.fill(0x20, 148, 156);
  const sum = patched.reduce((total, byte) => total + byte, 0);
  patched.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148, "latin1");
  return patched;
}

function padded(data: string | Uint8Array): Buffer {
  const bytes = Buffer.from(data);
  return Buffer.concat([bytes, Buffer.alloc((512 - (bytes.length % 512)) % 512)]);
}

const pax = (records: Record<string, string | Uint8Array>, type = "x"): Buffer => {
  const data = encodePax(new Map(Object.entries(records).map(([key, value]) => [key, Buffer.from(value)])));
  return Buffer.concat([block({ type, size: data.length }), padded(data)]);
};

async function read(...parts: Uint8Array[]): Promise<(Omit<Entry, "body"> & { text: string })[]> {
  const found = [];
  for await (const { body, ...header } of readTar(parts)) found.push({ ...header, text: (await collect(body)).toString() });
  return found;
}

function gnuTar(...args: string[]): Buffer {
  return execFileSync("tar", ["-C", folder, "--sort=name", "--owner=7", "--group=8", "--mtime=@1500000000", "-cf", "-", ...args], {
    maxBuffer: 1 << 26,
  });
}

describe("archives that GNU tar writes", () => {
  const long = `${"d".repeat(90)}/${"e".repeat(90)}/${"f".repeat(120)}`;
  mkdirSync(join(folder, "tree", long, ".."), { recursive: true });
  writeFileSync(join(folder, "tree", long), "long name");
  writeFileSync(join(folder, "tree/a"), "content of a", { mode: 0o4755 });
  linkSync(join(folder, "tree/a"), join(folder, "tree/a.link"));
  symlinkSync(`/${long}`, join(folder, "tree/s"));
  writeFileSync(Buffer.concat([Buffer.from(join(folder, "tree/")), Buffer.from([0x6c, 0xe9])]), "latin-1 name");

  for (const format of ["gnu", "pax", "posix"]) {
    test(`${format}: every name, type, owner, time and body is read`, async () => {
      const entries = await read(gnuTar(`--format=${format}`, "tree"));
      const byPath = new Map(entries.map((entry) => [entry.path, entry]));
      assert.equal(byPath.get(`tree/${long}`)?.text, "long name");
      assert.equal(byPath.get("tree/s")?.link, `/${long}`);
      assert.deepEqual(
        [byPath.get("tree/a")?.text, byPath.get("tree/a")?.uid, byPath.get("tree/a")?.gid, byPath.get("tree/a")?.mtime],
        ["content of a", 7, 8, 1500000000],
      );
      assert.deepEqual([byPath.get("tree/a.link")?.type, byPath.get("tree/a.link")?.link], ["hardlink", "tree/a"]);
      assert.equal(byPath.get("tree")?.type, "directory");
      const odd = entries.find((entry) => entry.path.startsWith("tree/l"));
      assert.deepEqual([...encodePath(odd?.path ?? "")], [...Buffer.from("tree/l"), 0xe9]);
      assert.equal(odd?.text, "latin-1 name");
    });
  }
  for (const format of ["v7", "ustar"]) {
    test(`${format}: a file and its hard link are read`, async () => {
      const entries = await read(gnuTar(`--format=${format}`, "tree/a", "tree/a.link"));
      assert.deepEqual(
        entries.map(({ path, type, text }) => [path, type, text]),
        [
          ["tree/a", "file", "content of a"],
          ["tree/a.link", "hardlink", ""],
        ],
      );
    });
  }
  for (const format of ["gnu", "posix"]) {
    test(`${format}: a sparse member is refused`, async () => {
      writeFileSync(join(folder, "sparse"), "x");
      truncateSync(join(folder, "sparse"), 1 << 20);
      await assert.rejects(read(gnuTar("--sparse", `--format=${format}`, "sparse")), { code: "CORRUPT", message: /sparse/ });
    });
  }
  test("bodies that are not read are skipped", async () => {
    const paths: string[] = [];
    for await (const entry of readTar([gnuTar("tree/a", "tree/s")])) paths.push(entry.path);
    assert.deepEqual(paths, ["tree/a", "tree/s"]);
  });
  test("chunks of any size give the same entries", async () => {
    const archive = gnuTar("--format=posix", "tree");
    const whole = await read(archive);
    for (const size of [1, 511, 513, 10_000]) {
      const pieces = Array.from({ length: Math.ceil(archive.length / size) }, (_, at) => archive.subarray(at * size, (at + 1) * size));
      assert.deepEqual(await read(...pieces), whole);
    }
  });
});

describe("members are read:", () => {
  const big = Buffer.from([0x80, 0, 0, 0, 0, 0x12, 0x34, 0x56]);
  const rows: { name: string; parts: Buffer[]; want: Record<string, unknown> }[] = [
    { name: "a base-256 uid", parts: [patch(block({}), 108, big)], want: { path: "f", uid: 0x123456 } },
    { name: "a negative base-256 mtime", parts: [patch(block({}), 136, Buffer.alloc(12, 0xff))], want: { mtime: -1 } },
    { name: "a number after spaces", parts: [patch(block({}), 100, "   644 \0")], want: { mode: 0o644 } },
    {
      name: "a pax path, size and mtime",
      parts: [pax({ path: "p/q", mtime: "12.75", size: "3" }), block({}), padded("abc")],
      want: { path: "p/q", mtime: 12, size: 3, text: "abc" },
    },
    { name: "a global pax header", parts: [pax({ gid: "99", comment: "x" }, "g"), block({})], want: { gid: 99 } },
    { name: "a pax header that overrides a global one", parts: [pax({ gid: "99" }, "g"), pax({ gid: "5" }), block({})], want: { gid: 5 } },
    {
      name: "an extended attribute",
      parts: [pax({ "SCHILY.xattr.user.x": Buffer.from([0, 0x0a, 0xff]) }), block({})],
      want: { xattrs: new Map([["user.x", Buffer.from([0, 0x0a, 0xff])]]) },
    },
    { name: "a leading ./ and a trailing /", parts: [block({ name: "./a//b/", type: "5" })], want: { path: "a/b", type: "directory" } },
    { name: "the root", parts: [block({ name: "./", type: "5" })], want: { path: "", type: "directory" } },
    { name: "an absolute name", parts: [block({ name: "/etc/x" })], want: { path: "etc/x" } },
    { name: "a v7 directory, marked by its trailing /", parts: [block({ name: "d/" })], want: { path: "d", type: "directory" } },
    { name: "a device", parts: [block({ type: "3", major: 5, minor: 1 })], want: { type: "character", major: 5, minor: 1 } },
    { name: "a fifo", parts: [block({ type: "6" })], want: { type: "fifo" } },
    {
      name: "a hard link whose header repeats the size",
      parts: [block({ name: "l", type: "1", link: "./f", size: 9 })],
      want: { type: "hardlink", link: "f", size: 0 },
    },
    {
      name: "a symlink that leaves the tree, verbatim",
      parts: [block({ type: "2", link: "../../etc" })],
      want: { type: "symlink", link: "../../etc" },
    },
    { name: "a signed checksum", parts: [signedChecksum(block({ name: "\xe9\xe9" }))], want: { type: "file" } },
    {
      name: "a member after a volume label, which is skipped",
      parts: [block({ type: "V", name: "label" }), block({ name: "g" })],
      want: { path: "g" },
    },
  ];
  for (const { name, parts, want } of rows) {
    test(name, async () => {
      const [entry, ...more] = await read(...parts, END);
      assert.deepEqual(more, []);
      const got = Object.fromEntries(Object.keys(want).map((key) => [key, (entry as unknown as Record<string, unknown>)?.[key]]));
      assert.deepEqual(got, want);
    });
  }
});

describe("bad archives are refused:", () => {
  const good = Buffer.concat([block({ name: "first", size: 3 }), padded("abc")]);
  const flipped = Buffer.from(block({}));
  flipped[0] = 0x67;
  const rows: { name: string; parts: Buffer[]; code?: string; message: RegExp }[] = [
    { name: "an empty archive", parts: [], message: /byte 0: cut short/ },
    { name: "an archive without its end blocks", parts: [good], message: /byte 1024: cut short/ },
    { name: "a cut in a header", parts: [good, block({}).subarray(0, 200)], message: /byte 1024: cut short: 200 bytes of 512/ },
    {
      name: "a cut in a body",
      parts: [good, block({ name: "second", size: 600 }), Buffer.alloc(512)],
      message: /byte 1024: second: cut short, 512 bytes of 600/,
    },
    {
      name: "a cut in the padding",
      parts: [block({ name: "p", size: 3 }), Buffer.from("abc")],
      message: /p: cut short in the padding after its 3 bytes/,
    },
    { name: "a bad checksum", parts: [good, flipped, END], message: /byte 1024: tar header, checksum/ },
    { name: "a size smaller than the body", parts: [block({ size: 512 }), Buffer.alloc(1024, "x"), END], message: /byte 1024: tar header/ },
    { name: "letters in a number", parts: [patch(block({}), 124, "0000000zz00\0"), END], message: /size: got "0000000zz00"/ },
    {
      name: "a size above 2^53",
      parts: [patch(block({}), 124, Buffer.alloc(12, 0x8f)), END],
      message: /size: got \d+, wanted at most 9007199254740991/,
    },
    { name: "a negative size", parts: [patch(block({}), 124, Buffer.alloc(12, 0xff)), END], message: /a size of -1/ },
    { name: "an unknown type", parts: [block({ type: "M" }), END], message: /unknown type "M"/ },
    {
      name: "a pax record without its newline",
      parts: [block({ type: "x", size: 9 }), padded("9 path=ab"), block({}), END],
      message: /byte 0: pax header: a malformed record at byte 0/,
    },
    {
      name: "a pax record longer than the header",
      parts: [block({ type: "x", size: 9 }), padded("99 path=\n"), block({}), END],
      message: /malformed/,
    },
    { name: "a pax size that is not a number", parts: [pax({ size: "1e9" }), block({}), END], message: /size: got "1e9", wanted a number/ },
    { name: "an extended header that is too large", parts: [block({ type: "x", size: 1 << 30 }), END], message: /extended header/ },
    {
      name: "too many global records",
      parts: [...Array.from({ length: 257 }, (_, at) => pax({ [`key${at}`]: "x" }, "g")), block({}), END],
      message: /global headers with 257 records, wanted at most 256/,
    },
    { name: "a name that leaves the tree", parts: [block({ name: "a/../../b" }), END], code: "HOSTILE_ARCHIVE", message: /\.\./ },
    {
      name: "a hard link that leaves the tree",
      parts: [block({ type: "1", link: "../b" }), END],
      code: "HOSTILE_ARCHIVE",
      message: /\.\./,
    },
    {
      name: "a name that goes up and stays in the tree",
      parts: [block({ name: "a/../b" }), END],
      code: "HOSTILE_ARCHIVE",
      message: /could leave/,
    },
    { name: "a NUL in a pax name", parts: [pax({ path: "a\0b" }), block({}), END], message: /NUL/ },
  ];
  for (const { name, parts, code = "CORRUPT", message } of rows) {
    test(name, () => assert.rejects(read(...parts), { code, message }));
  }
  test("an archive cut at any length", async () => {
    const archive = Buffer.concat([pax({ path: "p" }), good, block({ name: "second", size: 600 }), padded(Buffer.alloc(600, "y"))]);
    for (let length = 0; length <= archive.length; length += 64)
      await assert.rejects(read(archive.subarray(0, length)), { code: "CORRUPT" });
  });
});

test("the source is drained after the archive, and closed when the reader stops early", async () => {
  let drained = false;
  let closed = false;
  async function* source() {
    try {
      yield block({});
      yield END;
      yield Buffer.alloc(5000);
      drained = true;
    } finally {
      closed = true;
    }
  }
  for await (const entry of readTar(source())) assert.equal(entry.path, "f");
  assert.deepEqual([drained, closed], [true, true]);
  drained = closed = false;
  for await (const _ of readTar(source())) break;
  assert.deepEqual([drained, closed], [false, true]);
});

function signedChecksum(header: Buffer): Buffer {
  const patched = Buffer.from(header);
  patched.fill(0x20, 148, 156);
  const sum = patched.reduce((total, byte) => total + (byte > 127 ? byte - 256 : byte), 0);
  patched.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148, "latin1");
  return patched;
}
