import { createRequire } from "node:module";
import { masked } from "./masked.ts";

const require = createRequire(import.meta.url);

/** The most lines of a difference that are kept; the rest is counted. */
const MOST = 400;
/** Texts of more characters together are not compared line by line: the time grows with the product of the changes. */
const LONGEST = 1 << 20;

/** The lines of a unified diff of two texts, without the names of files, and without values that look like secrets. @returns undefined if they are too long to compare */
export function lineDiff(before: string, after: string): readonly string[] | undefined {
  if (before.length + after.length > LONGEST) return undefined;
  // loaded only now: every program loads this file, and few compare texts
  const { createTwoFilesPatch } = require("diff") as typeof import("diff");
  const patch = createTwoFilesPatch("", "", before, after, undefined, undefined, { context: 3, maxEditLength: 2000 });
  if (patch === undefined) return undefined;
  const lines = patch
    .split("\n")
    .slice(4, -1)
    .map((line) => line.slice(0, 1) + masked(line.slice(1), "line"));
  return lines.length <= MOST ? lines : [...lines.slice(0, MOST), `… ${lines.length - MOST} more lines`];
}
