import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Budget } from "../../sdk/core/budget.ts";

describe("a budget of 3", () => {
  for (const { name, units, most } of [
    { name: "runs three jobs of 1 at once", units: [1, 1, 1, 1, 1], most: 3 },
    { name: "runs jobs of 2 one at a time", units: [2, 2, 2], most: 1 },
    { name: "runs a job of 1 beside a job of 2", units: [2, 1, 2, 1], most: 2 },
    { name: "runs a job of more than 3 alone", units: [9, 9], most: 1 },
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
  test("gets back the units of a failed job", async () => {
    const budget = new Budget(3);
    await assert.rejects(
      budget.run(3, () => Promise.reject(new Error("no"))),
      /no/,
    );
    assert.equal(await budget.run(3, async () => "yes"), "yes");
  });
});
