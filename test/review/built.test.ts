import assert from "node:assert/strict";
import { test } from "node:test";
import { digestOf } from "../../sdk/core/digest.ts";
import { type ReviewedBuild, reviewBuilds } from "../../sdk/review/built.ts";
import { encodeBlockList, markOf } from "../../sdk/upload/block-list.ts";
import { lockedDeb } from "../support/locked-deb.ts";

const blocks = (...contents: string[]): string =>
  encodeBlockList(contents.map((content, index) => ({ index, mark: markOf(digestOf(content)) })));
const built = (version: string, more: Partial<ReviewedBuild> = {}): ReviewedBuild => ({
  lock: {
    version: 1,
    arch: "amd64",
    images: { "nginx:1": digestOf(version) },
    debian: {
      key: {
        packages: [lockedDeb("openssl", version)],
      },
    },
  },
  cmdline: "console=ttyS0",
  segments: [{ name: "services.web", size: 1000, unpacked: 4000 }],
  memoryMiB: 96,
  blocks: { image: blocks("a", "b", "c") },
  ...more,
});
const said = (before: ReviewedBuild, after: ReviewedBuild): string[] =>
  reviewBuilds(before, after).changes.map(
    ({ direction, part, message }) => `${direction} ${part}: ${message.replace(/[0-9a-f]{20,}.*to.*/, "…")}`,
  );

test("a build does not differ from itself", () => assert.deepEqual(said(built("1"), built("1")), []));

test("two builds differ in versions, digests, bytes of segments, memory, and blocks to upload", () => {
  const after = built("2", {
    cmdline: "console=ttyS0 nokaslr",
    segments: [{ name: "services.web", size: 1500, unpacked: 6000 }],
    memoryMiB: 100,
    blocks: { image: blocks("a", "x", "c", "d") },
  });
  assert.deepEqual(said(built("1"), after), [
    "widens kernel: kernel parameter nokaslr added",
    "breaks size: memory to boot changed from 96 MiB to 100 MiB",
    "narrows packages: package openssl upgraded from 1 to 2",
    'neutral images["nginx:1"]: digest of the image changed from sha256:…'.replace('["nginx:1"]', ".nginx:1"),
    "neutral size: blocks of image changed, 2 to upload (1 MiB), from 3 to 4",
    "neutral size: segment services.web changed from 1000 bytes to 1500 bytes",
    "neutral size: memory of segment services.web changed from 4000 bytes to 6000 bytes",
  ]);
});

test("less memory breaks nothing", () => {
  assert.deepEqual(said(built("1"), built("1", { memoryMiB: 90 })), ["neutral size: memory to boot changed from 96 MiB to 90 MiB"]);
});
