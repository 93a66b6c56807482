import assert from "node:assert/strict";
import { test } from "node:test";
import { compareApkVersions } from "../../sdk/sbom/apk-version.ts";

// apk-package(5) and apk-tools, test/version.data, have the cases
for (const row of [
  "0.1.0_alpha < 0.1.0_alpha2",
  "1.1_alpha1 < 1.1",
  "1.1 < 1.1_p1",
  "1.0_p9-r0 < 1.0_p10-r0",
  "1.3_pre1-r1 < 1.3.2",
  "0.1.0_alpha_pre2 < 0.1.0_alpha",
  "1.0.0_pre20191002222144-r0 < 1.0.0_pre20210530193627-r0",
  "1.06-r6 < 006",
  "1.02 < 1.1",
  "1.0.9 < 1.0.10",
  "2.5.1-r8 < 2.5.1a-r1",
  "1.1a < 1.3a",
  "2.02.06 < 2.02.10",
  "1.3-r0 < 1.3.1-r0",
  "4.2.52_p2-r1 < 4.2.52_p4-r2",
  "3.0.20060720 < 20060720",
  "2.16.1-r3 = 2.16.1-r3",
  "1.2.3_git1-r0 > 1.2.3-r0",
]) {
  test(row, () => {
    const [a = "", sign, b = ""] = row.split(" ");
    const order = sign === "<" ? -1 : sign === ">" ? 1 : 0;
    assert.equal(Math.sign(compareApkVersions(a, b)), order);
    assert.equal(Math.sign(compareApkVersions(b, a)), order === 0 ? 0 : -order);
  });
}
