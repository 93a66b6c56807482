import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { directoryEntry, type Entry, fileEntry, symlinkEntry } from "../../sdk/archive/entry.ts";
import { imageTree } from "../../sdk/builder/image-tree.ts";
import type { TreePlace } from "../../sdk/plan/plan.ts";

async function treeOf(entries: Entry[], place: TreePlace): Promise<Map<string, Entry>> {
  const tree = new Map<string, Entry>();
  for await (const entry of imageTree(entries, place)) tree.set(entry.path, entry);
  return tree;
}

describe("an image's tree as laid out in the OS", () => {
  for (const path of [".dockerenv", "Dockerfile", "etc/hostname", "dev/console"]) {
    test(`${path} is left out`, async () => assert.ok(!(await treeOf([fileEntry(path, "x")], "init")).has(path)));
  }
  test("a file of that name in another folder is kept", async () => {
    assert.ok((await treeOf([fileEntry("srv/Dockerfile", "x")], "container")).has("srv/Dockerfile"));
  });
  test("mount points exist and belong to root, whatever the image has", async () => {
    const tree = await treeOf([directoryEntry("etc", 0o700, { uid: 7 })], "container");
    for (const path of ["dev", "dev/pts", "dev/shm", "etc", "proc", "sys"]) {
      const { type, mode, uid } = tree.get(path) as Entry;
      assert.deepEqual({ type, mode, uid }, { type: "directory", mode: 0o755, uid: 0 }, path);
    }
  });
  for (const row of [
    { place: "init", type: "symlink", link: "/run/resolvconf/resolv.conf" },
    { place: "volume", type: "symlink", link: "/run/resolvconf/resolv.conf" },
    { place: "container", type: "file", link: undefined },
  ] as const) {
    test(`etc/resolv.conf of ${row.place} is a ${row.type}`, async () => {
      const entry = (await treeOf([fileEntry("etc/resolv.conf", "nameserver 192.0.2.1\n")], row.place)).get("etc/resolv.conf");
      assert.equal(entry?.type, row.type);
      assert.equal(entry?.link, row.link);
    });
  }
  test("an image's own etc/mtab is kept", async () => {
    assert.equal((await treeOf([symlinkEntry("etc/mtab", "../proc/self/mounts")], "init")).get("etc/mtab")?.link, "../proc/self/mounts");
    assert.equal((await treeOf([], "init")).get("etc/mtab")?.link, "/proc/mounts");
  });
});
