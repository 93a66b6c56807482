import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { formatPath, parsePath, type Step, valueAt } from "../../sdk/core/property-path.ts";

const ROWS: readonly (readonly [Step[], string])[] = [
  [["image", "services", "web", "capabilities", 0], "image.services.web.capabilities[0]"],
  [["labels", "a.b"], 'labels["a.b"]'],
  [["a.b", "c"], '["a.b"].c'],
  [["my-web", "x y"], "my-web.x y"],
  [['say "hi"', ""], '["say \\"hi\\""][""]'],
  [["a[0]", 1, 2], '["a[0]"][1][2]'],
  [["0", 0], "0[0]"],
];

describe("property paths", () => {
  for (const [steps, path] of ROWS) {
    test(path, () => {
      assert.equal(formatPath(steps), path);
      assert.deepEqual(parsePath(path), steps);
    });
  }
  test("what is no path is a name", () => assert.deepEqual(parsePath("a[b"), ["a[b"]));
  test("a path leads to a value or to nothing", () => {
    const root = { a: [{ b: 1 }], toString: undefined };
    assert.equal(valueAt(root, ["a", 0, "b"]), 1);
    assert.equal(valueAt(root, ["a", 1, "b"]), undefined);
    assert.equal(valueAt(root, ["constructor"]), undefined);
  });
});
