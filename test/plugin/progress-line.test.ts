import assert from "node:assert/strict";
import { describe, mock, test } from "node:test";
import type { Progress } from "../../sdk/core/progress.ts";
import { describeProgress, progressInterval, progressLine } from "../../sdk/plugin/progress-line.ts";

describe("progressLine", () => {
  /** Runs with a clock that stands still until it is told to tick. */
  const withClock = (name: string, body: (lines: string[], tick: (ms: number) => void) => void) =>
    test(name, () => {
      mock.timers.enable({ apis: ["setTimeout"] });
      try {
        body([], (ms) => mock.timers.tick(ms));
      } finally {
        mock.timers.reset();
      }
    });
  const into = (lines: string[]) => progressLine({ show: (line) => lines.push(line), keep: (line) => lines.push(`kept: ${line}`) }, 500);
  const step = (message: string): Progress => ({ stage: "fetch", message });

  withClock("shows the first at once, then the newest once per interval", (lines, tick) => {
    const { onProgress } = into(lines);
    for (let i = 0; i < 100; i++) onProgress(step(String(i)));
    assert.deepEqual(lines, ["fetch 0"]);
    tick(499);
    assert.equal(lines.length, 1);
    tick(1);
    assert.deepEqual(lines, ["fetch 0", "fetch 99"]);
    onProgress(step("100"));
    tick(500);
    assert.deepEqual(lines, ["fetch 0", "fetch 99", "fetch 100"]);
  });

  withClock("never more than two a second after the first, whatever comes", (lines, tick) => {
    const { onProgress } = into(lines);
    for (let i = 0; i < 1000; i++, tick(10)) onProgress(step(String(i)));
    assert.equal(lines.length, 21);
  });

  withClock("after a pause it shows at once again", (lines, tick) => {
    const { onProgress } = into(lines);
    onProgress(step("a"));
    tick(5000);
    onProgress(step("b"));
    assert.deepEqual(lines, ["fetch a", "fetch b"]);
  });

  withClock("keeps what is lasting at once, and once", (lines) => {
    const { onProgress } = into(lines);
    onProgress(step("a"));
    onProgress({ ...step("done"), lasting: true });
    onProgress({ ...step("done"), lasting: true });
    assert.deepEqual(lines, ["fetch a", "kept: fetch done"]);
  });

  withClock("shows nothing once it is closed", (lines, tick) => {
    const { onProgress, close } = into(lines);
    onProgress(step("a"));
    onProgress(step("b"));
    close();
    onProgress(step("c"));
    tick(5000);
    assert.deepEqual(lines, ["fetch a"]);
  });

  test("is slower where CI is set", () => {
    assert.equal(progressInterval({}), 500);
    assert.equal(progressInterval({ CI: "false" }), 500);
    assert.equal(progressInterval({ CI: "true" }), 10_000);
  });
});

describe("describeProgress", () => {
  const rows: readonly (readonly [Progress, string])[] = [
    [{ stage: "resolve", message: "reading the index" }, "resolve reading the index"],
    [{ stage: "fetch", message: "fetching nginx" }, "fetching nginx"],
    [{ stage: "fetch", message: "nginx", done: 12_500_000, total: 27_000_000 }, "fetch nginx: 12.5 of 27.0 MB (46 %)"],
    [{ stage: "fetch", message: "nginx", done: 27_000_000, total: 27_000_000 }, "fetch nginx: 27.0 MB"],
    [{ stage: "fetch", message: "nginx", done: 900 }, "fetch nginx: 900 bytes"],
    [{ stage: "fetch", message: "nginx", done: 0, total: 2500 }, "fetch nginx: 0.0 of 2.5 kB (0 %)"],
    [{ stage: "segment", message: "compress", done: 2, total: 5, unit: "items" }, "segment compress: 2 of 5 (40 %)"],
    [{ stage: "boot", message: "waiting for web", done: 3.4, total: 60, unit: "seconds" }, "boot waiting for web: 3 of 60 s (5 %)"],
    [{ stage: "boot", message: "x", done: 7, total: 5, unit: "items" }, "boot x: 7 of 5 (100 %)"],
  ];
  for (const [progress, line] of rows) test(line, () => assert.equal(describeProgress(progress), line));
});
