import assert from "node:assert/strict";
import { test } from "node:test";
import { runsOf } from "../../sdk/upload/send-runs.ts";

const ROWS: readonly {
  readonly blocks: readonly number[];
  readonly limit: number;
  readonly runs: readonly (readonly [number, number])[];
}[] = [
  { blocks: [], limit: 8, runs: [] },
  { blocks: [0], limit: 8, runs: [[0, 1]] },
  { blocks: [0, 1, 2], limit: 8, runs: [[0, 3]] },
  {
    blocks: [0, 2, 3, 9],
    limit: 8,
    runs: [
      [0, 1],
      [2, 2],
      [9, 1],
    ],
  },
  // none across a multiple of the limit
  {
    blocks: [6, 7, 8, 9],
    limit: 8,
    runs: [
      [6, 2],
      [8, 2],
    ],
  },
  {
    blocks: [0, 1, 2, 3, 4],
    limit: 2,
    runs: [
      [0, 2],
      [2, 2],
      [4, 1],
    ],
  },
  {
    blocks: [1, 2],
    limit: 1,
    runs: [
      [1, 1],
      [2, 1],
    ],
  },
];

test("blocks become runs that do not depend on what is before them", () => {
  for (const { blocks, limit, runs } of ROWS) {
    assert.deepEqual(
      runsOf(
        blocks.map((index) => ({ index, mark: "" })),
        limit,
      ),
      runs.map(([index, count]) => ({ index, count })),
      blocks.join(),
    );
  }
});
