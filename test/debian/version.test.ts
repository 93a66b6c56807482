import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { describe, test } from "node:test";
import { compareVersions, satisfies, type VersionRelation } from "../../sdk/debian/version.ts";

const ASCENDING: readonly (readonly [older: string, newer: string])[] = [
  ["1.0", "1.1"],
  ["1.9", "1.10"],
  ["1.0~rc1", "1.0"],
  ["1.0~~", "1.0~"],
  ["1.0~", "1.0"],
  ["1.0", "1.0a"],
  ["1.0a", "1.0+"],
  ["1.0", "1.0-1"],
  ["1.0-1", "1.0-1.1"],
  ["1.0-1", "1.0-1+b1"],
  ["1.0-1~bpo11+1", "1.0-1"],
  ["9", "1:1"],
  ["1:9", "2:0.1"],
  ["1.0-9", "1.0.1-1"],
  ["1.22.1-9+deb12u9", "1.22.1-9+deb12u11"],
  ["6.1.176-1", "6.1.192-2"],
  ["1.2.13.dfsg-1", "1:1.2.13.dfsg-1"],
  ["3.0.20-1~deb12u2", "3.0.22-1~deb12u2"],
  ["0.4", "0.4z"],
  ["20230311+deb12u1", "20250419~deb12u2"],
  ["99999999999999999998", "99999999999999999999"],
  ["1.0-1-1", "1.0-1-2"],
];

const EQUAL: readonly (readonly [string, string])[] = [
  ["1.0", "1.00"],
  ["0:1.0", "1.0"],
  ["1.0", "1.0-0"],
  ["001.0", "1.0"],
];

describe("versions are ordered as in dpkg", () => {
  for (const [older, newer] of ASCENDING) {
    test(`${older} < ${newer}`, () => {
      assert.ok(compareVersions(older, newer) < 0);
      assert.ok(compareVersions(newer, older) > 0);
      assert.equal(dpkg(older, "lt", newer), true, "dpkg agrees");
    });
  }
  for (const [a, b] of EQUAL) {
    test(`${a} = ${b}`, () => {
      assert.equal(compareVersions(a, b), 0);
      assert.equal(dpkg(a, "eq", b), true, "dpkg agrees");
    });
  }
});

test("relations", () => {
  const rows: readonly (readonly [VersionRelation, boolean, boolean, boolean])[] = [
    ["<<", true, false, false],
    ["<=", true, true, false],
    ["=", false, true, false],
    [">=", false, true, true],
    [">>", false, false, true],
  ];
  for (const [relation, older, same, newer] of rows) {
    assert.deepEqual(
      [satisfies("1", relation, "2"), satisfies("2", relation, "2"), satisfies("3", relation, "2")],
      [older, same, newer],
      relation,
    );
  }
});

function dpkg(a: string, relation: "lt" | "eq", b: string): boolean {
  return spawnSync("dpkg", ["--compare-versions", a, relation, b]).status === 0;
}
