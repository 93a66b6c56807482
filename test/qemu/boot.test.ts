import assert from "node:assert/strict";
import { appendFile, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { waitForHealth } from "../../providers/qemu/plugin/boot.ts";
import { LinuxKitError } from "../../sdk/core/errors.ts";
import type { Progress } from "../../sdk/core/progress.ts";

const scratch = await mkdtemp(join(tmpdir(), "boot-"));
after(() => rm(scratch, { recursive: true, force: true }));

const NONCE = "n";
const BOOT = ["kernel 6.1 boot-id", "init", "mounts"];

interface Case {
  readonly lines: readonly string[];
  readonly crashLimit?: number;
  readonly isLate?: boolean;
}

/** Follows a console with these reports; no interface answers. */
async function follow({ lines, crashLimit, isLate = false }: Case) {
  const folder = await mkdtemp(join(scratch, "machine-"));
  const progress: Progress[] = [];
  const limit = new AbortController();
  const watching = waitForHealth({
    name: "web",
    folder,
    nonce: NONCE,
    ended: () => false,
    patient: true,
    crashLimit,
    hint: (service) => `look into ${service}`,
    signal: limit.signal,
    progress: (shown) => {
      progress.push(shown);
      if (isLate && shown.message.endsWith("late")) limit.abort(new LinuxKitError("TIMEOUT", "late", { seconds: 7, waitingFor: "web" }));
    },
  });
  await appendFile(
    join(folder, "console.log"),
    [...BOOT, ...lines].map((line, at) => `\u001elinuxkit ${NONCE} ${at}.0 ${line}\n`).join(""),
  );
  return { outcome: await watching.catch((error: Error) => error), progress };
}

describe("a boot ends", () => {
  test("when every service is healthy, after crashes too", async () => {
    const lines = ["service app started", "service app restart 1 in 1 s: exit status 1", "service once ended exit status 0", "healthy"];
    const { outcome, progress } = await follow({ lines });
    assert.equal((outcome as { bootId?: string }).bootId, "boot-id");
    assert.deepEqual(
      progress.filter(({ lasting }) => lasting).map(({ message }) => message),
      ["service app crashed: exit status 1; the log of app is empty"],
    );
  });

  for (const [what, given, message] of [
    [
      "when a service has crashed as often as it may",
      { lines: ["service app restart 1 in 1 s: exit status 1", "service app restart 2 in 2 s: exit status 7"], crashLimit: 2 },
      /^machine "web" did not become healthy: service app crashed 2 times \(crashLimit\), the last with exit status 7\n/,
    ],
    [
      "by default when one has crashed six times",
      { lines: Array.from({ length: 6 }, (_, at) => `service app restart ${at + 1} in ${2 ** at} s: exit status 1`) },
      /service app crashed 6 times/,
    ],
    [
      "when one stays down",
      { lines: ["service app ended exit status 3"] },
      /did not become healthy: service app stays down: exit status 3\n/,
    ],
    [
      "when one stays down by its own limit, whatever its status",
      { lines: ["service app ended it ended 3 times, the last with exit status 0"] },
      /service app stays down: it ended 3 times, the last with exit status 0\n/,
    ],
  ] as const) {
    test(what, async () => {
      const { outcome } = await follow(given);
      assert.ok(outcome instanceof LinuxKitError && outcome.code === "BOOT_FAILED");
      assert.match(outcome.message, message);
      assert.match(outcome.message, /\nlook into app$/);
    });
  }

  test("when the time is over, and names the causes and not those that wait for them", async () => {
    const lines = ["service app waiting for db", "service web healthy", "service db unhealthy late"];
    const { outcome } = await follow({ lines, isLate: true });
    assert.ok(outcome instanceof LinuxKitError && outcome.code === "TIMEOUT");
    assert.match(
      outcome.message,
      /^machine "web" was not healthy within 7 s: waiting for service db unhealthy: late\nlast lines of its console:\n/,
    );
  });
});
