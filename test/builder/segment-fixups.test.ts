import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { describe, test } from "node:test";
import { directoryEntry, symlinkEntry } from "../../sdk/archive/entry.ts";
import { fixupArchive, segmentFixups } from "../../sdk/builder/segment-fixups.ts";
import { NO_PATHS, type SegmentPaths } from "../../sdk/cache/segment-store.ts";

const paths = (some: Partial<SegmentPaths>): SegmentPaths => ({ ...NO_PATHS, ...some });
const before = (...segments: Partial<SegmentPaths>[]): string[][] =>
  segmentFixups(segments.map((some, at) => ({ name: `s${at}`, paths: paths(some) }))).map((entries) =>
    entries.map(({ path, type }) => `${path} ${type}`),
  );

describe("before a segment comes", () => {
  const rows: { name: string; segments: Partial<SegmentPaths>[]; want: string[][] }[] = [
    {
      name: "nothing, if earlier segments made its directories",
      segments: [
        { directories: ["a"], files: ["a/f"] },
        { files: ["a/g"], implied: ["a"] },
      ],
      want: [[], []],
    },
    {
      name: "a directory that no segment made",
      segments: [
        { files: ["a/b/f"], implied: ["a", "a/b"] },
        { files: ["a/b/g"], implied: ["a", "a/b"] },
      ],
      want: [["a directory", "a/b directory"], []],
    },
    {
      name: "the parent of such a directory, though the segment makes it later",
      segments: [{ directories: ["a"] }, { directories: ["a/b"], implied: ["a", "a/b/c"], files: ["a/b/c/f"] }],
      want: [[], ["a/b directory", "a/b/c directory"]],
    },
    {
      name: "nothing for a directory reached through a symlink",
      segments: [
        { others: ["lib"], directories: ["usr", "usr/lib"] },
        { files: ["lib/x"], implied: ["lib"] },
      ],
      want: [[], []],
    },
    {
      name: "the removal of a file that shares its content",
      segments: [{ files: ["a", "b", "c"], shared: ["a", "b"] }, { files: ["b", "c"] }],
      want: [[], ["b symlink"]],
    },
    {
      name: "no second removal of a replaced file",
      segments: [{ files: ["a", "b"], shared: ["a", "b"] }, { files: ["b"] }, { files: ["b"] }],
      want: [[], ["b symlink"], []],
    },
    {
      name: "a second removal if the replacement shares its content too",
      segments: [{ files: ["a", "b"], shared: ["a", "b"] }, { files: ["b", "d"], shared: ["b", "d"] }, { files: ["b"] }],
      want: [[], ["b symlink"], ["b symlink"]],
    },
    {
      name: "no removal before a symlink: the kernel removes the file itself",
      segments: [{ files: ["a", "b"], shared: ["a", "b"] }, { others: ["b"] }],
      want: [[], []],
    },
  ];
  for (const { name, segments, want } of rows) test(name, () => assert.deepEqual(before(...segments), want));
});

describe("refused", () => {
  const rows: { name: string; segments: Partial<SegmentPaths>[]; message: RegExp }[] = [
    {
      name: "a file over a directory that is not empty",
      segments: [{ directories: ["a"], files: ["a/f"] }, { files: ["a"] }],
      message: /^a: s1 has a file or symlink where an earlier segment has a directory/,
    },
    {
      name: "a symlink over a directory that another segment filled",
      segments: [{ directories: ["a"] }, { files: ["a/f"], implied: ["a"] }, { others: ["a"] }],
      message: /^a: s2 has/,
    },
    {
      name: "a path below a file",
      segments: [{ files: ["a"] }, { files: ["a/f"], implied: ["a"] }],
      message: /^a: s1 has paths below it/,
    },
  ];
  for (const { name, segments, message } of rows)
    test(name, () => assert.throws(() => before(...segments), { code: "INVALID_DEFINITION", message }));
  test("a symlink may replace an empty directory", () => assert.deepEqual(before({ directories: ["a"] }, { others: ["a"] }), [[], []]));
});

test("the fixups are a complete cpio archive, uncompressed", async () => {
  const archive = await fixupArchive([directoryEntry("a"), symlinkEntry("b", "replaced")]);
  assert.equal(execFileSync("cpio", ["-t", "--quiet"], { input: archive }).toString(), "a\nb\n");
  assert.equal(archive.length % 4, 0);
});
