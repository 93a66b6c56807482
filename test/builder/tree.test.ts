import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { directoryEntry, type Entry, fileEntry, NO_BODY, symlinkEntry } from "../../sdk/archive/entry.ts";
import { Spool } from "../../sdk/builder/spool.ts";
import { Tree } from "../../sdk/builder/tree.ts";
import { collect } from "../../sdk/core/bytes.ts";

const folder = mkdtempSync(join(tmpdir(), "tree-"));
after(() => rmSync(folder, { recursive: true }));

const hardlink = (path: string, link: string): Entry => ({ ...fileEntry(path, ""), type: "hardlink", link, body: NO_BODY });

type Images = readonly (readonly [root: string, entries: readonly Entry[]])[];

/** One line for each path: `PATH TYPE [names] content or target`. */
async function grow(images: Images, implied: "written" | "left out" = "written"): Promise<string[]> {
  await using spool = await Spool.open(join(folder, "spool"));
  const tree = new Tree(spool);
  for (const [root, entries] of images) await tree.add(entries, root);
  const lines: string[] = [];
  for (const { path, type, names, link, body } of tree.entries({ implied })) {
    const text = (await collect(body)).toString();
    lines.push([path, type, ...(names !== undefined && names > 1 ? [`x${names}`] : []), ...(text || link ? [text || link] : [])].join(" "));
  }
  return lines;
}

describe("a tree holds the last word on each path", () => {
  const rows: { name: string; images: Images; want: string[] }[] = [
    { name: "nothing", images: [], want: [] },
    {
      name: "parents are implied once",
      images: [["", [fileEntry("a/b/c", "1"), fileEntry("a/b/d", "2")]]],
      want: ["a directory", "a/b directory", "a/b/c file 1", "a/b/d file 2"],
    },
    { name: "the root of everything has no entry", images: [["", [directoryEntry(""), fileEntry("a", "1")]]], want: ["a file 1"] },
    {
      name: "an image's root is its prefix",
      images: [["p/q", [directoryEntry("", 0o700), fileEntry("a", "1")]]],
      want: ["p directory", "p/q directory", "p/q/a file 1"],
    },
    {
      name: "a later file replaces, and stands where it was written",
      images: [
        ["", [fileEntry("a", "1"), fileEntry("b", "2")]],
        ["", [fileEntry("a", "3")]],
      ],
      want: ["b file 2", "a file 3"],
    },
    {
      name: "a directory named after its content keeps its place before it",
      images: [["", [fileEntry("d/f", "1"), directoryEntry("d", 0o700)]]],
      want: ["d directory", "d/f file 1"],
    },
    {
      name: "an empty directory gives way to a symlink",
      images: [
        ["", [directoryEntry("d")]],
        ["", [symlinkEntry("d", "x")]],
      ],
      want: ["d symlink x"],
    },
    {
      name: "a file gives way to a directory",
      images: [
        ["", [fileEntry("d", "1")]],
        ["", [directoryEntry("d")]],
      ],
      want: ["d directory"],
    },
    {
      name: "a directory that a symlink leads to is there already",
      images: [
        ["", [directoryEntry("usr/lib"), symlinkEntry("lib", "usr/lib")]],
        ["", [directoryEntry("lib"), fileEntry("lib/x", "1")]],
      ],
      want: ["usr directory", "usr/lib directory", "lib symlink usr/lib", "usr/lib/x file 1"],
    },
    {
      name: "a symlink to nothing gives way to a directory",
      images: [
        ["", [symlinkEntry("lib", "nowhere")]],
        ["", [directoryEntry("lib")]],
      ],
      want: ["lib directory"],
    },
  ];
  for (const { name, images, want } of rows) test(name, async () => assert.deepEqual(await grow(images), want));

  test("implied directories can be left out", async () => {
    assert.deepEqual(await grow([["", [fileEntry("a/b", "1"), directoryEntry("c"), fileEntry("c/d", "2")]]], "left out"), [
      "a/b file 1",
      "c directory",
      "c/d file 2",
    ]);
  });
});

describe("equal files become hard links", () => {
  const rows: { name: string; entries: Entry[]; want: string[] }[] = [
    {
      name: "of the same content, mode and owner",
      entries: [fileEntry("a", "same"), fileEntry("b", "other"), fileEntry("c", "same")],
      want: ["a file x2 same", "b file other", "c hardlink a"],
    },
    { name: "not of another mode", entries: [fileEntry("a", "same"), fileEntry("b", "same", 0o755)], want: ["a file same", "b file same"] },
    {
      name: "not of another owner",
      entries: [fileEntry("a", "same"), fileEntry("b", "same", 0o644, { uid: 1 }), fileEntry("c", "same", 0o644, { gid: 1 })],
      want: ["a file same", "b file same", "c file same"],
    },
    { name: "not when they are empty", entries: [fileEntry("a", ""), fileEntry("b", "")], want: ["a file", "b file"] },
    {
      name: "not when one has attributes",
      entries: [fileEntry("a", "same"), { ...fileEntry("b", "same"), xattrs: new Map([["user.x", Buffer.from("1")]]) }],
      want: ["a file same", "b file same"],
    },
    { name: "the image's own links", entries: [fileEntry("a", "same"), hardlink("b", "a")], want: ["a file x2 same", "b hardlink a"] },
    {
      name: "a link named before its file",
      entries: [hardlink("b", "a"), fileEntry("a", "same")],
      want: ["a file x2 same", "b hardlink a"],
    },
    {
      name: "a link keeps the content when its file is replaced",
      entries: [fileEntry("a", "same"), hardlink("b", "a"), fileEntry("a", "new")],
      want: ["b file same", "a file new"],
    },
    {
      name: "what is replaced counts no more",
      entries: [fileEntry("a", "same"), fileEntry("b", "same"), fileEntry("b", "new")],
      want: ["a file same", "b file new"],
    },
  ];
  for (const { name, entries, want } of rows) test(name, async () => assert.deepEqual(await grow([["", entries]]), want));

  test("large ones too, between small ones", async () => {
    const large = Array.from({ length: 100_000 }, (_, at) => at.toString(36)).join(" ");
    const lines = await grow([
      [
        "",
        [
          fileEntry("s1", "small"),
          fileEntry("l1", large),
          fileEntry("s2", "tiny"),
          fileEntry("l2", large),
          fileEntry("l3", `${large}y`),
          fileEntry("s3", "small"),
        ],
      ],
    ]);
    const short = lines.map((line) => line.replace(large, "LARGE"));
    assert.deepEqual(
      short.map((line) => line.slice(0, 40)),
      ["s1 file x2 small", "l1 file x2 LARGE", "s2 file tiny", "l2 hardlink l1", "l3 file LARGEy", "s3 hardlink s1"],
    );
  });
});

describe("symlinks among a path's parents", () => {
  const rows: { name: string; images: Images; want: string[] }[] = [
    {
      name: "are followed",
      images: [["", [directoryEntry("usr/bin"), symlinkEntry("bin", "usr/bin"), fileEntry("bin/x", "1")]]],
      want: ["usr directory", "usr/bin directory", "bin symlink usr/bin", "usr/bin/x file 1"],
    },
    {
      name: "an absolute one means the image's own root",
      images: [["c/web", [symlinkEntry("a", "/etc"), fileEntry("a/passwd", "1")]]],
      want: ["c directory", "c/web directory", "c/web/a symlink /etc", "c/web/etc directory", "c/web/etc/passwd file 1"],
    },
    {
      name: "no number of .. leaves the image",
      images: [["c/web", [symlinkEntry("a", "../../../../etc"), fileEntry("a/passwd", "1")]]],
      want: ["c directory", "c/web directory", "c/web/a symlink ../../../../etc", "c/web/etc directory", "c/web/etc/passwd file 1"],
    },
    {
      name: "a file of the definition follows an image's as the image would",
      images: [
        ["c/web", [symlinkEntry("lib", "/usr/lib")]],
        ["", [fileEntry("c/web/lib/x", "1")]],
      ],
      want: [
        "c directory",
        "c/web directory",
        "c/web/lib symlink /usr/lib",
        "c/web/usr directory",
        "c/web/usr/lib directory",
        "c/web/usr/lib/x file 1",
      ],
    },
    { name: "the last part is not followed", images: [["", [symlinkEntry("a", "b"), fileEntry("a", "1")]]], want: ["a file 1"] },
  ];
  for (const { name, images, want } of rows) test(name, async () => assert.deepEqual(await grow(images), want));
});

describe("refused", () => {
  const rows: { name: string; entries: Entry[]; code: string; message: RegExp }[] = [
    {
      name: "a symlink over a directory that holds something",
      entries: [fileEntry("d/f", "1"), symlinkEntry("d", "x")],
      code: "INVALID_DEFINITION",
      message: /^d: a symlink cannot replace/,
    },
    {
      name: "a path below a file",
      entries: [fileEntry("a", "1"), fileEntry("a/b", "1")],
      code: "CORRUPT",
      message: /its parent a is a file/,
    },
    {
      name: "symlinks in a circle",
      entries: [symlinkEntry("a", "b"), symlinkEntry("b", "a"), fileEntry("a/x", "1")],
      code: "HOSTILE_ARCHIVE",
      message: /circle/,
    },
    { name: "a hard link to nothing", entries: [hardlink("b", "a")], code: "CORRUPT", message: /b: a hard link to a, which is no file/ },
    { name: "a hard link to a directory", entries: [directoryEntry("a"), hardlink("b", "a")], code: "CORRUPT", message: /no file/ },
    {
      name: "a body that is shorter than its header says",
      entries: [{ ...fileEntry("a", "1"), size: 2 }],
      code: "SIZE_MISMATCH",
      message: /^a:/,
    },
  ];
  for (const { name, entries, code, message } of rows) test(name, () => assert.rejects(grow([["", entries]]), { code, message }));
});

test("a spool has no name, so that a killed build leaves none", async () => {
  await using spool = await Spool.open(join(folder, "named"));
  await spool.put(fileEntry("a", "x".repeat(600_000)));
  assert.deepEqual(readdirSync(folder), []);
});
