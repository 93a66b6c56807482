import assert from "node:assert/strict";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { oneAtATime } from "../../sdk/upload/one-at-a-time.ts";
import { scratch } from "../support/judge.ts";

test("uploads of one key run one after the other, and the second takes nothing of what the first has completed", async () => {
  await using folder = await scratch();
  const place = { cacheDir: folder.path, key: "k", signal: AbortSignal.timeout(30_000) };
  let finish = () => {};
  const finished = new Promise<void>((resolve) => (finish = resolve));
  let begun = () => {};
  const isBegun = new Promise<void>((resolve) => (begun = resolve));
  const order: string[] = [];
  const first = oneAtATime(place, async (journal) => {
    await journal.append({ token: "t" });
    begun();
    await finished;
    order.push("first");
    await journal.remove();
  });
  await isBegun;
  const second = oneAtATime(place, async (journal) => {
    order.push("second");
    assert.deepEqual(journal.before, []);
    await journal.remove();
  });
  const other = oneAtATime({ ...place, key: "other" }, async (journal) => {
    order.push("other");
    await journal.remove();
  });
  await other;
  finish();
  await Promise.all([first, second]);
  assert.deepEqual(order, ["other", "first", "second"]);
  assert.deepEqual(await readdir(join(folder.path, "uploads")), []);
});

test("who waits can be cancelled", async () => {
  await using folder = await scratch();
  const never = new AbortController();
  const place = { cacheDir: folder.path, key: "k", signal: never.signal };
  let begun = () => {};
  const isBegun = new Promise<void>((resolve) => (begun = resolve));
  let letGo = () => {};
  const held = oneAtATime(
    place,
    () =>
      new Promise<void>((resolve) => {
        letGo = resolve;
        begun();
      }),
  );
  await isBegun;
  const waiting = new AbortController();
  const second = oneAtATime({ ...place, signal: waiting.signal }, async () => assert.fail("it was to wait"));
  setTimeout(() => waiting.abort(), 200);
  await assert.rejects(second, { code: "CANCELLED", message: /^waiting for another upload of the same image/ });
  letGo();
  await held;
});
