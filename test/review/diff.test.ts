import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { canonicalJson } from "../../sdk/core/json.ts";
import type { Change, Direction } from "../../sdk/review/change.ts";
import { diff } from "../../sdk/review/diff.ts";
import { factsOf } from "../../sdk/review/facts-of.ts";
import { ROWS } from "./rows.ts";

const of = (changes: readonly Change[]): string[] => changes.map(({ direction, part, message }) => `${direction} ${part}: ${message}`);

const MIRRORED: Readonly<Record<Direction, Direction>> = { widens: "narrows", narrows: "widens", breaks: "breaks", neutral: "neutral" };

describe("a change of one line has exactly its findings, what widens access first", () => {
  for (const [name, before, after, want] of ROWS) {
    test(name, () => {
      assert.deepEqual(of(diff({ definition: before.spec }, { definition: after.spec })), want);
    });
  }
});

describe("every pair of these systems", () => {
  const systems = [...new Map(ROWS.flatMap(([, a, b]) => [a, b]).map((image) => [canonicalJson(image.spec), image.spec])).values()];
  const pairs = systems.flatMap((before, index) => [7, 31].map((step) => [before, systems[(index + step) % systems.length]] as const));

  test("a system has no difference from itself", () => {
    for (const definition of systems) assert.deepEqual(diff({ definition }, { definition }), []);
  });

  test("applied to the one, the differences give the other", () => {
    for (const [before, after] of pairs) {
      if (!after) continue;
      const values = new Map([...factsOf({ definition: before })].map(([path, { value }]) => [path, canonicalJson(value)]));
      for (const change of diff({ definition: before }, { definition: after })) {
        for (const { path, after: now, secret } of [change, ...(change.within ?? [])]) {
          // a secret's value is in no difference
          const value = secret ? factsOf({ definition: after }).get(path)?.value : now;
          if (value === undefined) values.delete(path);
          else values.set(path, canonicalJson(value));
        }
      }
      const wanted = [...factsOf({ definition: after })].map(([path, { value }]) => [path, canonicalJson(value)] as const);
      assert.deepEqual(new Map([...values].sort()), new Map(wanted.sort()));
    }
  });

  test("the other way round, each difference is there with the opposite direction", () => {
    for (const [before, after] of pairs) {
      if (!after) continue;
      const key = ({ path, direction }: Pick<Change, "path" | "direction">): string => `${path} ${direction}`;
      const there = diff({ definition: before }, { definition: after });
      const back = diff({ definition: after }, { definition: before });
      assert.deepEqual(back.map(key).sort(), there.map(({ path, direction }) => key({ path, direction: MIRRORED[direction] })).sort());
    }
  });
});
