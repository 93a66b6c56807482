import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { directoryEntry, type Entry, fileEntry, NO_BODY, symlinkEntry } from "../../sdk/archive/entry.ts";
import { Spool } from "../../sdk/builder/spool.ts";
import { type AddOptions, type EntriesOptions, Tree } from "../../sdk/builder/tree.ts";
import { collect } from "../../sdk/core/bytes.ts";

const folder = mkdtempSync(join(tmpdir(), "tree-"));
after(() => rmSync(folder, { recursive: true }));

const hardlink = (path: string, link: string): Entry => ({ ...fileEntry(path, ""), type: "hardlink", link, body: NO_BODY });

type Images = readonly (readonly [root: string, entries: readonly Entry[], options?: AddOptions])[];

/** One line for each path: `PATH TYPE [names] content or target`. */
async function grow(images: Images, options: Partial<EntriesOptions> = {}): Promise<string[]> {
  await using spool = await Spool.open(join(folder, "spool"));
  const tree = new Tree(spool);
  for (const [root, entries, how] of images) await tree.add(entries, root, how);
  const lines: string[] = [];
  for (const { path, type, names, link, body } of tree.entries({ implied: "written", ...options })) {
    const text = (await collect(body)).toString();
    lines.push([path, type, ...(names !== undefined && names > 1 ? [`x${names}`] : []), ...(text || link ? [text || link] : [])].join(" "));
  }
  return lines;
}

describe("a tree has the last entry of each path", () => {
  const rows: { name: string; images: Images; want: string[] }[] = [
    { name: "an empty tree", images: [], want: [] },
    {
      name: "parents are implied once",
      images: [["", [fileEntry("a/b/c", "1"), fileEntry("a/b/d", "2")]]],
      want: ["a directory", "a/b directory", "a/b/c file 1", "a/b/d file 2"],
    },
    { name: "the root directory has no entry", images: [["", [directoryEntry(""), fileEntry("a", "1")]]], want: ["a file 1"] },
    {
      name: "an image's root is its prefix",
      images: [["p/q", [directoryEntry("", 0o700), fileEntry("a", "1")]]],
      want: ["p directory", "p/q directory", "p/q/a file 1"],
    },
    {
      name: "a later file replaces an earlier one and is written last",
      images: [
        ["", [fileEntry("a", "1"), fileEntry("b", "2")]],
        ["", [fileEntry("a", "3")]],
      ],
      want: ["b file 2", "a file 3"],
    },
    {
      name: "a directory whose entry follows its contents is written before them",
      images: [["", [fileEntry("d/f", "1"), directoryEntry("d", 0o700)]]],
      want: ["d directory", "d/f file 1"],
    },
    {
      name: "a symlink replaces an empty directory",
      images: [
        ["", [directoryEntry("d")]],
        ["", [symlinkEntry("d", "x")]],
      ],
      want: ["d symlink x"],
    },
    {
      name: "a directory replaces a file",
      images: [
        ["", [fileEntry("d", "1")]],
        ["", [directoryEntry("d")]],
      ],
      want: ["d directory"],
    },
    {
      name: "a directory does not replace a symlink to a directory",
      images: [
        ["", [directoryEntry("usr/lib"), symlinkEntry("lib", "usr/lib")]],
        ["", [directoryEntry("lib"), fileEntry("lib/x", "1")]],
      ],
      want: ["usr directory", "usr/lib directory", "lib symlink usr/lib", "usr/lib/x file 1"],
    },
    {
      name: "a directory replaces a dangling symlink",
      images: [
        ["", [symlinkEntry("lib", "nowhere")]],
        ["", [directoryEntry("lib")]],
      ],
      want: ["lib directory"],
    },
  ];
  for (const { name, images, want } of rows) test(name, async () => assert.deepEqual(await grow(images), want));

  test("implied directories can be left out", async () => {
    assert.deepEqual(await grow([["", [fileEntry("a/b", "1"), directoryEntry("c"), fileEntry("c/d", "2")]]], { implied: "left out" }), [
      "a/b file 1",
      "c directory",
      "c/d file 2",
    ]);
  });
});

describe("equal files become hard links where nothing writes to them", () => {
  const rows: { name: string; entries: Entry[]; want: string[] }[] = [
    {
      name: "with the same content, mode and owner",
      entries: [fileEntry("a", "same"), fileEntry("b", "other"), fileEntry("c", "same")],
      want: ["a file x2 same", "b file other", "c hardlink a"],
    },
    {
      name: "not with another mode",
      entries: [fileEntry("a", "same"), fileEntry("b", "same", 0o755)],
      want: ["a file same", "b file same"],
    },
    {
      name: "not with another owner",
      entries: [fileEntry("a", "same"), fileEntry("b", "same", 0o644, { uid: 1 }), fileEntry("c", "same", 0o644, { gid: 1 })],
      want: ["a file same", "b file same", "c file same"],
    },
    {
      name: "not if they are empty, unless the image has it so",
      entries: [fileEntry("a", ""), fileEntry("b", ""), hardlink("c", "b")],
      want: ["a file", "b file x2", "c hardlink b"],
    },
    {
      name: "not if one has extended attributes",
      entries: [fileEntry("a", "same"), { ...fileEntry("b", "same"), xattrs: new Map([["user.x", Buffer.from("1")]]) }],
      want: ["a file same", "b file same"],
    },
    {
      name: "and the image's own links stay",
      entries: [fileEntry("a", "same"), hardlink("b", "a")],
      want: ["a file x2 same", "b hardlink a"],
    },
    {
      name: "and a link may precede its file",
      entries: [hardlink("b", "a"), fileEntry("a", "same")],
      want: ["a file x2 same", "b hardlink a"],
    },
    {
      name: "and a link keeps its content if its file is replaced",
      entries: [fileEntry("a", "same"), hardlink("b", "a"), fileEntry("a", "new")],
      want: ["b file same", "a file new"],
    },
    {
      name: "but not with a file that was replaced",
      entries: [fileEntry("a", "same"), fileEntry("b", "same"), fileEntry("b", "new")],
      want: ["a file same", "b file new"],
    },
  ];
  for (const { name, entries, want } of rows) test(name, async () => assert.deepEqual(await grow([["", entries, { sealed: true }]]), want));

  test("and of two containers too", async () => {
    const images: Images = ["web", "db"].map((root) => [root, [fileEntry("libc", "same")], { sealed: true }]);
    const lines = ["web directory", "web/libc file x2 same", "db directory", "db/libc hardlink web/libc"];
    assert.deepEqual(await grow(images), lines);
  });

  test("and everywhere, where all of the tree is sealed", async () => {
    const entries = [fileEntry("a", "same"), fileEntry("c", "same"), fileEntry("d", "same", 0o755)];
    assert.deepEqual(await grow([["", entries]], { links: "all" }), ["a file x2 same", "c hardlink a", "d file same"]);
  });

  // the machine writes there, and containers do through binds: a change of one would be a change of the other
  test("but elsewhere only an image's own links stay, in every format", async () => {
    const entries = [fileEntry("a", "same"), fileEntry("c", "same"), hardlink("b", "a")];
    for (const links of ["equal", "own"] as const)
      assert.deepEqual(await grow([["", entries]], { links }), ["a file x2 same", "c file same", "b hardlink a"]);
    const mixed: Images = [
      ["web", [fileEntry("a", "same"), fileEntry("b", "same")], { sealed: true }],
      ["", [fileEntry("etc/a", "same"), fileEntry("etc/b", "same"), fileEntry("web/b", "same")]],
    ];
    const files = (await grow(mixed)).filter((line) => !line.endsWith("directory"));
    assert.deepEqual(files, ["web/a file same", "etc/a file same", "etc/b file same", "web/b file same"]);
  });

  test("large and small", async () => {
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
        { sealed: true },
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
      name: "are relative to the image's root if absolute",
      images: [["c/web", [symlinkEntry("a", "/etc"), fileEntry("a/passwd", "1")]]],
      want: ["c directory", "c/web directory", "c/web/a symlink /etc", "c/web/etc directory", "c/web/etc/passwd file 1"],
    },
    {
      name: "never leave the image, however many ..",
      images: [["c/web", [symlinkEntry("a", "../../../../etc"), fileEntry("a/passwd", "1")]]],
      want: ["c directory", "c/web directory", "c/web/a symlink ../../../../etc", "c/web/etc directory", "c/web/etc/passwd file 1"],
    },
    {
      name: "are followed for files of the definition too",
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
    { name: "are not followed as the last part", images: [["", [symlinkEntry("a", "b"), fileEntry("a", "1")]]], want: ["a file 1"] },
  ];
  for (const { name, images, want } of rows) test(name, async () => assert.deepEqual(await grow(images), want));
});

describe("refused", () => {
  const rows: { name: string; entries: Entry[]; code: string; message: RegExp }[] = [
    {
      name: "a symlink over a directory that is not empty",
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
      name: "symlinks in a loop",
      entries: [symlinkEntry("a", "b"), symlinkEntry("b", "a"), fileEntry("a/x", "1")],
      code: "HOSTILE_ARCHIVE",
      message: /form a loop/,
    },
    { name: "a hard link to nothing", entries: [hardlink("b", "a")], code: "CORRUPT", message: /b: a hard link to a, which is not a file/ },
    { name: "a hard link to a directory", entries: [directoryEntry("a"), hardlink("b", "a")], code: "CORRUPT", message: /not a file/ },
    {
      name: "a body shorter than its header's size",
      entries: [{ ...fileEntry("a", "1"), size: 2 }],
      code: "SIZE_MISMATCH",
      message: /^a:/,
    },
  ];
  for (const { name, entries, code, message } of rows) test(name, () => assert.rejects(grow([["", entries]]), { code, message }));
});

test("a spool has no name, so a killed build leaves no file behind", async () => {
  await using spool = await Spool.open(join(folder, "named"));
  await spool.put(fileEntry("a", "x".repeat(600_000)));
  assert.deepEqual(readdirSync(folder), []);
});
