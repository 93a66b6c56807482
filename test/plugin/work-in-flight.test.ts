import assert from "node:assert/strict";
import { mock, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { isLinuxKitError } from "../../sdk/core/errors.ts";
import { WorkInFlight } from "../../sdk/plugin/work-in-flight.ts";

/** Work that ends only by being aborted, and cleans up before it does. */
const endless =
  (cleaned: string[]) =>
  async (signal: AbortSignal): Promise<never> => {
    try {
      return (await sleep(1e9, undefined, { signal })) as never;
    } finally {
      await sleep(1);
      cleaned.push("cleaned");
    }
  };

test("work that ends is done", async () => {
  const work = new WorkInFlight();
  assert.equal(await work.run("x", 60, async () => 7), 7);
  assert.equal(work.size, 0);
});

test("cancel ends all of it, after it has cleaned up", async () => {
  const work = new WorkInFlight();
  const cleaned: string[] = [];
  const runs = [work.run("a", 60, endless(cleaned)), work.run("b", 60, endless(cleaned))];
  assert.equal(work.size, 2);
  work.cancel();
  for (const run of runs) await assert.rejects(run, (error) => isLinuxKitError(error, "CANCELLED"));
  assert.deepEqual(cleaned, ["cleaned", "cleaned"]);
  assert.equal(work.size, 0);
});

test("the end of its time is a TIMEOUT that says how to give it more", async () => {
  const work = new WorkInFlight();
  await assert.rejects(
    work.run("making web", 0.01, endless([])),
    (error) => isLinuxKitError(error, "TIMEOUT") && /making web took longer than 0.01 s: set customTimeouts/.test(error.message),
  );
});

test("an error of its own survives, in time and while being aborted", async () => {
  const work = new WorkInFlight();
  const own = new Error("the disk is full");
  await assert.rejects(
    work.run("x", 60, () => Promise.reject(own)),
    own,
  );
  const run = work.run("x", 60, async (signal) => {
    await sleep(1e9, undefined, { signal }).catch(() => {});
    throw own;
  });
  work.cancel();
  await assert.rejects(run, own);
});

test("a time-out of months does not fire at once", async () => {
  mock.timers.enable({ apis: ["setTimeout"] });
  try {
    let aborted = false;
    const run = new WorkInFlight().run("x", 1e9, async (signal) => {
      mock.timers.tick(1000);
      aborted = signal.aborted;
    });
    await run;
    assert.equal(aborted, false);
  } finally {
    mock.timers.reset();
  }
});
