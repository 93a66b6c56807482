import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { directoryEntry, type Entry, fileEntry, symlinkEntry } from "../../sdk/archive/entry.ts";
import { writeCpio } from "../../sdk/archive/write-cpio.ts";
import { collect } from "../../sdk/core/bytes.ts";
import { builtTrees } from "../../sdk/review/built-trees.ts";
import { type ReviewedBuild, reviewBuilds } from "../../sdk/review/built.ts";

const folder = mkdtempSync(join(tmpdir(), "built-trees-"));
after(() => rmSync(folder, { recursive: true }));

const build: ReviewedBuild = { lock: { version: 1, arch: "amd64", images: {}, debian: {} }, cmdline: "", segments: [], blocks: {} };
let count = 0;
const initrd = async (entries: readonly Entry[]): Promise<string> => {
  const path = join(folder, String(count++));
  writeFileSync(path, await collect(writeCpio(entries)));
  return path;
};
const compare = async (before: readonly Entry[], now: readonly Entry[]): Promise<string[]> => {
  const trees = await builtTrees(await initrd(before), await initrd(now));
  return reviewBuilds(build, build, undefined, trees).changes.map(({ direction, part, message }) => `${direction} ${part}: ${message}`);
};

const WEB = "containers/services/web";
describe("the files of two builds", () => {
  for (const [name, before, now, want] of [
    ["the same", [fileEntry("etc/a", "1")], [fileEntry("etc/a", "1")], []],
    [
      "a program that becomes setuid, in the image of a service",
      [fileEntry(`${WEB}/rootfs/bin/su`, "1", 0o755)],
      [fileEntry(`${WEB}/rootfs/bin/su`, "1", 0o4755)],
      ["widens services.web: mode of /bin/su changed from 0755 to 4755"],
    ],
    [
      "contents in an image, with their digests",
      [fileEntry(`${WEB}/lower/a`, "1")],
      [fileEntry(`${WEB}/lower/a`, "22")],
      ["neutral services.web: contents of /a changed from 1 bytes, sha256:6b86b273ff34… to 2 bytes, sha256:785f3ec7eb32…"],
    ],
    [
      "contents that no image has, without them",
      [fileEntry(`${WEB}/config.json`, '{"a":1}'), fileEntry("etc/key", "1")],
      [fileEntry(`${WEB}/config.json`, '{"a":2}'), fileEntry("etc/key", "2")],
      ["neutral init: contents of /etc/key changed", "neutral services.web: contents of /config.json changed"],
    ],
    [
      "a link of a task, and a folder with all that is in it",
      [symlinkEntry("containers/onboot/000-dhcp/rootfs/x", "a")],
      [symlinkEntry("containers/onboot/001-dhcp/rootfs/x", "b"), directoryEntry("opt"), fileEntry("opt/a", "1"), fileEntry("opt/b", "1")],
      ["neutral init: directory /opt added", "neutral onboot.dhcp: link /x changed from link to a to link to b"],
    ],
  ] as const) {
    test(name, async () => assert.deepEqual(await compare(before, now), want));
  }
});
