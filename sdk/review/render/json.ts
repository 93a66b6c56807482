import type { Review } from "../review.ts";

/**
 * A review as lines of JSON, as `JSON.stringify` writes it with an indentation of 2, one line for each change or line between
 * them: the whole text of two large images can be longer than a string may be.
 */
export function* jsonLines({ changes, ...rest }: Review): Generator<string> {
  yield changes.length === 0 ? '{\n  "changes": [],' : '{\n  "changes": [';
  for (const [index, change] of changes.entries())
    yield `${JSON.stringify(change, null, 2).replace(/^/gm, "    ")}${index === changes.length - 1 ? "" : ","}`;
  if (changes.length > 0) yield "  ],";
  yield JSON.stringify(rest, null, 2).slice(2);
}
