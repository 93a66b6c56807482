import assert from "node:assert/strict";
import { test } from "node:test";
import type { Finding, Level } from "../../sdk/doctor/finding.ts";

/** A problem that a test plants in a good account, and what `doctor` says of it. */
export interface Planted<Account> {
  readonly what: string;
  readonly plant: (account: Account) => void;
  readonly level: Level;
  /** In `check subject: says`. */
  readonly said: RegExp;
  readonly remedy: RegExp;
}

/** Asserts that each planted problem is found, that the finding says how to mend it, and that a good account has none. */
export function findsEach<Account>(
  good: () => Account,
  look: (account: Account) => Promise<readonly Finding[]>,
  rows: readonly Planted<Account>[],
): void {
  test("a good account has no problem", async () => {
    const findings = await look(good());
    assert.deepEqual(
      findings.filter(({ level }) => level !== "ok"),
      [],
    );
    assert.ok(findings.length > 5, `${findings.length}`);
  });
  for (const { what, plant, level, said, remedy } of rows)
    test(what, async () => {
      const account = good();
      plant(account);
      const findings = await look(account);
      const found = findings.filter(({ check, subject, says }) => said.test(`${check} ${subject}: ${says}`));
      assert.equal(found.length > 0, true, JSON.stringify(findings, null, 1));
      for (const finding of found) {
        assert.equal(finding.level, level);
        assert.match(finding.remedy ?? "", remedy);
      }
      // nothing else looks wrong because of it
      const others = findings.filter((finding) => finding.level === "refused" && !found.includes(finding));
      assert.deepEqual(others, []);
    });
}
