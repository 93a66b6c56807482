import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { describe, test } from "node:test";

const INTERRUPT = new URL("../../sdk/cli/interrupt.ts", import.meta.url).href;

/** A command that takes a while to end in order. */
const PROGRAM = `
const { interruption } = await import(${JSON.stringify(INTERRUPT)});
const hold = setInterval(() => {}, 1000);
interruption().addEventListener("abort", () => { console.log("heard"); setTimeout(() => { clearInterval(hold); process.exitCode = 7; }, 2500); });
console.log("ready");
`;

describe("Ctrl-C", { timeout: 60_000 }, () => {
  for (const [what, pause, wanted] of [
    ["that npx sends a second time ends the command in order", 0, [7, null]],
    ["a second time ends the command at once", 1000, [null, "SIGINT"]],
  ] as const) {
    test(what, async () => {
      const child = spawn(process.execPath, ["--input-type=module", "-e", PROGRAM], { stdio: ["ignore", "pipe", "inherit"] });
      const ended = once(child, "exit");
      const lines = child.stdout.setEncoding("utf8")[Symbol.asyncIterator]();
      assert.equal((await lines.next()).value, "ready\n");
      child.kill("SIGINT");
      assert.equal((await lines.next()).value, "heard\n");
      setTimeout(() => child.kill("SIGINT"), pause);
      assert.deepEqual(await ended, wanted);
    });
  }
});
