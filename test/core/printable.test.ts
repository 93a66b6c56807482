import assert from "node:assert/strict";
import { test } from "node:test";
import { LinuxKitError } from "../../sdk/core/errors.ts";
import { printable } from "../../sdk/core/printable.ts";

const rows: readonly [string, string][] = [
  ["plain text, with\ttabs\nand lines", "plain text, with\ttabs\nand lines"],
  ["Ünïcödé 漢字 🐧", "Ünïcödé 漢字 🐧"],
  ["\x1b[2J\x1b]0;owned\x07", "\\u001b[2J\\u001b]0;owned\\u0007"],
  ["all checks passed\r", "all checks passed\\u000d"],
  ["a\bb\x7f\x00", "a\\u0008b\\u007f\\u0000"],
  ["\x9b31m", "\\u009b31m"],
  ["\u202egnp.exe\u2066", "\\u202egnp.exe\\u2066"],
  ["one\u2028two", "one\\u2028two"],
  ["ng\u200binx\u2060, ng\u00adinx\ufeff", "ng\\u200binx\\u2060, ng\\u00adinx\\ufeff"],
  ["web\u{e0041}\u{e007f}", "web\\u{e0041}\\u{e007f}"],
  ["می\u200cخواهم 👨\u200d👩\u200d👧 ❤\ufe0f", "می\u200cخواهم 👨\u200d👩\u200d👧 ❤\ufe0f"],
  ["cut in \ud83d…", "cut in \ufffd…"],
];
for (const [text, want] of rows)
  test(`${JSON.stringify(text)} is shown as ${JSON.stringify(want)}`, () => assert.equal(printable(text), want));

test("an error's message holds no control character, whoever wrote the name in it", () => {
  const error = new LinuxKitError("CORRUPT", "layer: a\x1b]0;owned\x07", { path: "a" });
  assert.equal(error.message, "layer: a\\u001b]0;owned\\u0007");
});
