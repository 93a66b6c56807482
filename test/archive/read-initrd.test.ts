import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { chmodSync, linkSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import zlib from "node:zlib";
import { encodeCpioHeader, TYPE_BITS } from "../../sdk/archive/cpio-header.ts";
import { fileEntry } from "../../sdk/archive/entry.ts";
import { readInitrd } from "../../sdk/archive/read-initrd.ts";
import { writeCpio } from "../../sdk/archive/write-cpio.ts";
import { collect } from "../../sdk/core/bytes.ts";
import { isLinuxKitError } from "../../sdk/core/errors.ts";

const folder = mkdtempSync(join(tmpdir(), "read-initrd-"));
after(() => rmSync(folder, { recursive: true }));

/** Every path as a line: what it is, and what a file has in it. */
async function lines(initrd: Buffer): Promise<string[]> {
  const found: string[] = [];
  for await (const { path, type, mode, size, link = "", body } of readInitrd((start) => [initrd.subarray(start)], "initrd"))
    found.push(`${type} ${mode.toString(8)} ${path} ${link}${type === "file" ? `${size} ${await collect(body)}` : ""}`.trimEnd());
  return found;
}

/** An archive that GNU cpio wrote, and its paths. */
function foreign(): { readonly archive: Buffer; readonly want: readonly string[] } {
  const tree = join(folder, "tree");
  mkdirSync(join(tree, "d"), { recursive: true });
  chmodSync(join(tree, "d"), 0o750);
  writeFileSync(join(tree, "d/file"), "hello", { mode: 0o644 });
  writeFileSync(join(tree, "empty"), "", { mode: 0o600 });
  symlinkSync("../x", join(tree, "d/link"));
  linkSync(join(tree, "d/file"), join(tree, "other"));
  const archive = execFileSync("cpio", ["--quiet", "-o", "-H", "newc"], { cwd: tree, input: "d\nd/file\nd/link\nempty\nother\n" });
  // GNU cpio writes the content with the last name
  return {
    archive,
    want: ["directory 750 d", "symlink 777 d/link ../x", "file 600 empty 0", "file 644 d/file 0", "file 644 other 5 hello"],
  };
}

const own = async (path: string, content: string): Promise<Buffer> => collect(writeCpio([fileEntry(path, content)]));

describe("reads what an initrd holds", () => {
  test("of an archive by GNU cpio", async () => {
    const { archive, want } = foreign();
    assert.deepEqual((await lines(archive)).sort(), [...want].sort());
  });

  test("of archives in every compression, one after another, with zeroes between them", async () => {
    const parts = [
      await own("a", "1"),
      Buffer.alloc(512),
      zlib.gzipSync(await own("b", "22")),
      zlib.zstdCompressSync(await own("c", "333")),
      Buffer.alloc(3),
      zlib.gzipSync(await own("d", "x".repeat(100_000))),
    ];
    assert.deepEqual(
      (await lines(Buffer.concat(parts))).map((line) => line.slice(0, 20).trimEnd()),
      ["file 644 a 1 1", "file 644 b 2 22", "file 644 c 3 333", "file 644 d 100000 xx"],
    );
  });

  test("without the contents that nobody reads", async () => {
    const paths: string[] = [];
    const initrd = Buffer.concat([await own("a", "12345"), await own("b", "6")]);
    for await (const { path } of readInitrd((start) => [initrd.subarray(start)], "initrd")) paths.push(path);
    assert.deepEqual(paths, ["a", "b"]);
  });
});

describe("refuses", async () => {
  const header = { inode: 1, mode: TYPE_BITS.file, uid: 0, gid: 0, links: 1, mtime: 0, size: 0, major: 0, minor: 0 };
  const named = (name: string): Buffer => encodeCpioHeader({ ...header, name: Buffer.from(name) });
  const whole = await own("a", "12345");
  for (const [name, initrd, code, want] of [
    ["another compression", Buffer.from("\xfd7zXZ\0rest", "latin1"), "CORRUPT", /byte 0: neither a newc archive/],
    ["an archive that is cut", whole.subarray(0, 116), "CORRUPT", /a: cut short/],
    ["an archive without an end", named("a"), "CORRUPT", /no header of a newc archive/],
    [
      "a damaged member of gzip",
      Buffer.concat([zlib.gzipSync(whole).subarray(0, 10), Buffer.alloc(40, 255)]),
      "CORRUPT",
      /its compressed data is broken/,
    ],
    ["a path that leaves the root", named("../etc/passwd"), "HOSTILE_ARCHIVE", /must not contain "\.\."/],
    ["an unknown type", encodeCpioHeader({ ...header, mode: 0o170000, name: Buffer.from("a") }), "CORRUPT", /a: unknown type 170000/],
    [
      "a name without end",
      Buffer.from(
        named("a")
          .toString("latin1")
          .replace(/00000002(?=00000000a)/, "7fffffff"),
        "latin1",
      ),
      "CORRUPT",
      /a name of 2147483647 bytes/,
    ],
  ] as const) {
    test(name, () => assert.rejects(lines(initrd), (error) => isLinuxKitError(error, code) && want.test(error.message)));
  }
});
