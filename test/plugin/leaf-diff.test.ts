import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { leafDiff } from "../../sdk/plugin/leaf-diff.ts";
import { UNKNOWN, type Value } from "../../sdk/plugin/value.ts";

const ROWS: readonly (readonly [string, Value, Value, string[]])[] = [
  ["equal", { a: [1, { b: null }] }, { a: [1, { b: null }] }, []],
  ["the order of members", { a: 1, b: 2 }, { b: 2, a: 1 }, []],
  [
    "one item",
    { image: { services: { web: { capabilities: ["CAP_CHOWN"] } } } },
    { image: { services: { web: { capabilities: ["CAP_SETUID"] } } } },
    ["image.services.web.capabilities[0]"],
  ],
  ["an item more", { a: [1] }, { a: [1, 2] }, ["a[1]"]],
  ["an item less", { a: [1, 2] }, { a: [1] }, ["a[1]"]],
  ["a member more is one row", { s: {} }, { s: { db: { image: "x", env: ["A=1"] } } }, ["s.db"]],
  ["a member less is one row", { s: { db: { image: "x" } } }, { s: {} }, ["s.db"]],
  ["another type", { a: "1" }, { a: 1 }, ["a"]],
  ["a list became an object", { a: [1] }, { a: { 0: 1 } }, ["a"]],
  ["null is a value", { a: null }, {}, ["a"]],
  ["unknown differs from what was", { a: "x", b: 1 }, { a: UNKNOWN, b: 1 }, ["a"]],
  ["unknown differs from unknown", { a: UNKNOWN }, { a: UNKNOWN }, ["a"]],
  ["unknown in place of a tree", { a: { b: 1 } }, { a: UNKNOWN }, ["a"]],
  ["names with dots", { l: { "a.b": 1 } }, { l: { "a.b": 2 } }, ['l["a.b"]']],
];

describe("leafDiff names each changed leaf", () => {
  for (const [name, old, now, paths] of ROWS) {
    test(name, () => assert.deepEqual([...leafDiff(old, now).keys()].sort(), [...paths].sort()));
  }
  test("kinds are the caller's", () => {
    const changed = leafDiff({ a: 1, b: 1, c: 1 }, { a: 2, b: 2, c: 2 }, (path) =>
      path === "a" ? "replace" : path === "b" ? "ignore" : "update",
    );
    assert.deepEqual(Object.fromEntries(changed), { a: "replace", c: "update" });
  });
});
