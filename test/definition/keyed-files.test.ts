import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Definition } from "../../sdk/definition/definition.ts";
import { plainPath } from "../../sdk/definition/file.ts";
import { type KeyedDefinition, keyedSteps, keyFiles, listFiles, orderMoved } from "../../sdk/definition/keyed-files.ts";
import { Random, seed } from "../support/random.ts";

const NOTHING: Definition = { init: [], onboot: [], onshutdown: [], services: {}, volumes: {}, files: [] };
const file = (path: string, contents = path) => ({ path, contents, mode: "0644", uid: 0, gid: 0 });
const withFiles = (...paths: readonly string[]): Definition => ({ ...NOTHING, files: paths.map((path) => file(path)) });
const key = (definition: unknown): KeyedDefinition => keyFiles(definition) as KeyedDefinition;

describe("files by path", () => {
  test("a file stands below its path, and names it only where it is written in another way", () => {
    const { files, fileOrder } = key(withFiles("/a", "b/./c"));
    const { path: _, ...a } = file("/a");
    assert.deepEqual(files, { "/a": a, "/b/c": file("b/./c") });
    assert.equal(fileOrder, undefined);
  });

  test("of two files with one path the last one counts, where it stands", () => {
    const list = { ...NOTHING, files: [file("/b", "old"), file("/c"), file("b", "new"), file("/a")] };
    assert.deepEqual(listFiles(key(list)), { ...list, files: list.files.slice(1) });
  });

  test("an order of its own is kept; that of a folder needs none", () => {
    const folder = withFiles("/app", "/app/lib", "/app/lib/x", "/app/lib.js", "/b");
    assert.equal(key(folder).fileOrder, undefined);
    const other = withFiles("/b", "/a");
    assert.deepEqual(key(other).fileOrder, ["/b", "/a"]);
    for (const definition of [folder, other]) assert.deepEqual(listFiles(key(definition)), definition);
  });

  test("images made from packages have theirs by path too", () => {
    const debian = {
      role: "packages",
      packages: [],
      dependencies: "slim",
      keep: [],
      users: [],
      groups: [],
      files: [file("/z"), file("/a")],
    };
    const image = { debian, config: {} };
    const definition = {
      ...NOTHING,
      kernel: { image, cmdline: "" },
      init: [image],
      onboot: [{ name: "x", image }],
      services: { web: { image } },
      volumes: { data: { image, readonly: false } },
    };
    const keyed = JSON.parse(JSON.stringify(key(definition))) as typeof definition;
    for (const { debian } of [
      keyed.kernel.image,
      keyed.init[0],
      keyed.onboot[0]?.image,
      keyed.services.web.image,
      keyed.volumes.data.image,
    ] as {
      debian: { files: unknown; fileOrder?: unknown };
    }[]) {
      assert.deepEqual(Object.keys(debian.files as object), ["/a", "/z"]);
      assert.deepEqual(debian.fileOrder, ["/z", "/a"]);
    }
    assert.deepEqual(listFiles(keyed), definition);
  });

  test("a path that is not known yet leaves the list as it is", () => {
    const unknown = Symbol.for("pulumi-linuxkit.unknown");
    const definition = { ...NOTHING, files: [file("/a"), { ...file("/b"), path: unknown }] };
    assert.deepEqual(key(definition), definition);
    assert.deepEqual(listFiles({ ...NOTHING, files: unknown }), { ...NOTHING, files: unknown });
  });

  test("every list comes back as it was, without what is written twice, and the same list gives the same form", () => {
    const start = seed();
    const random = new Random(start);
    const names = ["a", "b", "b.x", "b/c", "./b", "b//c", "B", "é", "b-"];
    for (let round = 0; round < 500; round++) {
      const paths = Array.from({ length: random.below(8) }, () => `${random.pick(["", "/"])}${random.pick(names)}`);
      const definition = { ...NOTHING, files: paths.map((path, index) => file(path, String(index))) };
      const once = definition.files.filter(
        ({ path }, index) => !definition.files.slice(index + 1).some((later) => plainPath(later.path) === plainPath(path)),
      );
      assert.deepEqual(listFiles(key(definition)), { ...NOTHING, files: once }, `seed ${start}`);
      // as a state keeps it: members in any order
      const stored = JSON.parse(JSON.stringify(key(definition))) as KeyedDefinition;
      const turned = { ...stored, files: Object.fromEntries(Object.entries(stored.files).reverse()) };
      assert.deepEqual(listFiles(turned), { ...NOTHING, files: once });
      assert.deepEqual(key(key(definition)), key(definition));
    }
  });

  test("an error in the list has its place in the keyed form", () => {
    const stored = key(withFiles("/b", "/a"));
    assert.deepEqual(keyedSteps(stored, ["files", 1, "mode"]), ["files", "/a", "mode"]);
    assert.deepEqual(keyedSteps(withFiles("/b", "/a"), ["files", 1, "mode"]), ["files", 1, "mode"]);
    assert.deepEqual(keyedSteps(stored, ["services", "web", "image"]), ["services", "web", "image"]);
  });

  test("the order has moved only where files that both have stand otherwise", () => {
    const moved = (before: readonly string[], after: readonly string[]) => orderMoved(key(withFiles(...before)), key(withFiles(...after)));
    assert.equal(moved(["/b", "/a"], ["/b", "/x", "/a"]), false);
    assert.equal(moved(["/a", "/b"], ["/c", "/a", "/b"]), false);
    assert.equal(moved(["/b", "/a"], ["/a", "/b"]), true);
  });
});
