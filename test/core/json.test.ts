import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { canonicalJson, deepFreeze } from "../../sdk/core/json.ts";

describe("canonicalJson", () => {
  for (const row of [
    { name: "orders keys by code unit", value: { b: 1, a: 2, B: 3, "": 4 }, want: '{"":4,"B":3,"a":2,"b":1}' },
    { name: "keeps the order of lists", value: [3, 1, [2]], want: "[3,1,[2]]" },
    { name: "leaves undefined members out", value: { a: undefined, b: null }, want: '{"b":null}' },
    { name: "writes undefined items as null", value: [undefined], want: "[null]" },
    { name: "escapes as JSON does", value: { k: 'q"\n' }, want: '{"k":"q\\"\\n"}' },
  ]) {
    test(row.name, () => assert.equal(canonicalJson(row.value), row.want));
  }
});

test("deepFreeze reaches every level", () => {
  const value = deepFreeze({ list: [{ leaf: 1 }] });
  assert.throws(() => {
    (value.list[0] as { leaf: number }).leaf = 2;
  }, TypeError);
});
