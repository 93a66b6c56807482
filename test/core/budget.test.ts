import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Budget } from "../../sdk/core/budget.ts";

describe("a budget of 3", () => {
  for (const { name, units, most } of [
    { name: "lets three small ones work at once", units: [1, 1, 1, 1, 1], most: 3 },
    { name: "lets no two large ones", units: [2, 2, 2], most: 1 },
    { name: "lets a small one beside a large one", units: [2, 1, 2, 1], most: 2 },
    { name: "lets one that wants more than all of it work alone", units: [9, 9], most: 1 },
  ]) {
    test(name, async () => {
      const budget = new Budget(3);
      let working = 0;
      let seen = 0;
      await Promise.all(
        units.map((wanted) =>
          budget.run(wanted, async () => {
            seen = Math.max(seen, ++working);
            await new Promise(setImmediate);
            working--;
          }),
        ),
      );
      assert.equal(seen, most);
    });
  }
  test("gets back what a failed one had", async () => {
    const budget = new Budget(3);
    await assert.rejects(
      budget.run(3, () => Promise.reject(new Error("no"))),
      /no/,
    );
    assert.equal(await budget.run(3, async () => "yes"), "yes");
  });
});
