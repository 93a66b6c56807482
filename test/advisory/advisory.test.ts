import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { advisoriesOf } from "../../sdk/advisory/advisory.ts";
import { vulnerabilitiesOf } from "../../sdk/advisory/affected.ts";
import { readAdvisories } from "../../sdk/advisory/read-advisories.ts";
import { vulnerabilityLines, vulnerabilityReport } from "../../sdk/advisory/report.ts";
import { isLinuxKitError } from "../../sdk/core/errors.ts";
import { installedFrom } from "../../sdk/sbom/installed.ts";

const installed = (purl: string) => {
  const found = installedFrom(purl);
  assert.ok(found, purl);
  return found;
};
const openssl = (version: string, release = "12") =>
  installed(`pkg:deb/debian/libssl3@${encodeURIComponent(version)}?arch=amd64&distro=debian-${release}&upstream=openssl`);

interface OsvEvent {
  readonly introduced?: string;
  readonly fixed?: string;
  readonly last_affected?: string;
}
const osv = (events: readonly OsvEvent[], more: object = {}, ecosystem = "Debian:12", name = "openssl"): string =>
  JSON.stringify({
    id: "DSA-1-1",
    affected: [{ package: { ecosystem, name }, ranges: [{ type: "ECOSYSTEM", events }] }],
    ...more,
  });
const tracker = (release: object): string => JSON.stringify({ openssl: { "CVE-2024-1": { description: "a fault", releases: release } } });
const found = (text: string, ...packages: Parameters<typeof vulnerabilitiesOf>[0]): string[] =>
  vulnerabilitiesOf(packages, advisoriesOf(readAdvisories(text, "a.json"))).map(
    ({ advisory, fixed }) => `${advisory.id} ${fixed ?? "open"}`,
  );

describe("an advisory is found by the source package and Debian's order of versions", () => {
  const mended = osv([{ introduced: "0" }, { fixed: "3.0.13-1~deb12u1" }]);
  const twice = osv([{ introduced: "1" }, { fixed: "2" }, { introduced: "3" }, { last_affected: "3.5" }]);
  for (const [name, text, one, want] of [
    ["an older version", mended, openssl("3.0.9-1"), ["DSA-1-1 3.0.13-1~deb12u1"]],
    ["the version that mends it", mended, openssl("3.0.13-1~deb12u1"), []],
    ["a version before it, by its tilde", mended, openssl("3.0.13-1~deb11u9"), ["DSA-1-1 3.0.13-1~deb12u1"]],
    ["a higher epoch", mended, openssl("1:1.0-1"), []],
    ["another release", mended, openssl("3.0.9-1", "11"), []],
    ["the second range, up to its last version", twice, openssl("3.5"), ["DSA-1-1 open"]],
    ["between the ranges", twice, openssl("2.5"), []],
    ["before the first", twice, openssl("0.9"), []],
    ["withdrawn", osv([{ introduced: "0" }], { withdrawn: "2024-01-01T00:00:00Z" }), openssl("1"), []],
    ["another distribution", osv([{ introduced: "0" }], {}, "Ubuntu:22.04"), openssl("1"), []],
    ["every release of the distribution", osv([{ introduced: "0" }], {}, "Debian"), openssl("1"), ["DSA-1-1 open"]],
    ["the name of the library alone", osv([{ introduced: "0" }], {}, "Debian:12", "libssl3"), openssl("1"), []],
    [
      "Alpine, by its own order",
      osv([{ introduced: "0" }, { fixed: "1.1.1-r0" }], {}, "Alpine:v3.20"),
      installed("pkg:apk/alpine/openssl@1.1.1_rc1-r0?distro=alpine-3.20.1"),
      ["DSA-1-1 1.1.1-r0"],
    ],
    ["the tracker: mended", tracker({ bookworm: { status: "resolved", fixed_version: "3" } }), openssl("2"), ["CVE-2024-1 3"]],
    ["the tracker: newer", tracker({ bookworm: { status: "resolved", fixed_version: "3" } }), openssl("3"), []],
    ["the tracker: never had it", tracker({ bookworm: { status: "resolved", fixed_version: "0" } }), openssl("2"), []],
    ["the tracker: open", tracker({ bookworm: { status: "open" } }), openssl("2"), ["CVE-2024-1 open"]],
    ["the tracker: not known", tracker({ bookworm: { status: "undetermined" } }), openssl("2"), []],
    ["the tracker: another release", tracker({ trixie: { status: "open" } }), openssl("2"), []],
    ["a list", `[${mended}]`, openssl("1"), ["DSA-1-1 3.0.13-1~deb12u1"]],
  ] as const) {
    test(name, () => assert.deepEqual(found(text, one), want));
  }

  for (const text of ["no", "7", '{"id":"A"}', '[{"id":"A"}]', '{"openssl":{"CVE-1":{}}}'])
    test(`${text} is refused`, () => {
      assert.throws(
        () => readAdvisories(text, "a.json"),
        (error) => isLinuxKitError(error, "CORRUPT") && error.message.startsWith("a.json"),
      );
    });
});

describe("a report", () => {
  const advisories = advisoriesOf([
    ...readAdvisories(osv([{ introduced: "0" }, { fixed: "3" }], { aliases: ["CVE-2024-9"], summary: "a\n\u001b[2Kfault" }), "a"),
    ...readAdvisories(tracker({ bookworm: { status: "open" } }), "b"),
  ]);
  const packages = [openssl("2"), { ...openssl("2"), name: "openssl" }];
  const day = new Date("2026-06-01T00:00:00Z");
  const report = (...waivers: Parameters<typeof vulnerabilityReport>[2] & object) =>
    vulnerabilityReport(packages, advisories, waivers, day);

  test("names each fault once, with the packages of its source; mandatory if a version mends it", () => {
    assert.deepEqual(
      report().findings.map(({ advisory, installed: names, level }) => [advisory, names.join(), level]),
      [
        ["CVE-2024-1", "libssl3,openssl", "advisory"],
        ["DSA-1-1", "libssl3,openssl", "mandatory"],
      ],
    );
    assert.ok(vulnerabilityLines(report()).every((line) => !line.includes("\n")));
  });

  test("a name with a line of its own stays in its line", () => {
    const evil = advisoriesOf(readAdvisories(osv([{ introduced: "0" }], { id: "DSA-1\n       mandatory: nothing" }), "a"));
    assert.deepEqual(vulnerabilityLines(vulnerabilityReport([openssl("2")], evil, [], day)).slice(1), [
      "       advisory: DSA-1\\n       mandatory: nothing of openssl 2 (libssl3); no version mends it yet",
    ]);
  });

  for (const [what, waiver, waived] of [
    ["by its name", { advisory: "DSA-1-1" }, 1],
    ["by another name of it", { advisory: "CVE-2024-9" }, 1],
    ["for its package", { advisory: "DSA-1-1", package: "openssl" }, 1],
    ["for another package", { advisory: "DSA-1-1", package: "curl" }, 0],
    ["until its last day", { advisory: "DSA-1-1", until: "2026-06-01" }, 1],
    ["not after it", { advisory: "DSA-1-1", until: "2026-05-31" }, 0],
    ["of another fault", { advisory: "DSA-2-1" }, 0],
  ] as const) {
    test(`a waiver counts ${what}`, () => {
      const given = report({ reason: "not reachable", until: "2027-03-31", ...waiver });
      assert.deepEqual([given.waived.length, given.findings.length, given.idle.length], [waived, 2 - waived, 1 - waived]);
    });
  }

  for (const wrong of [{ advisory: "" }, { reason: " " }, { until: "2026-02-30" }]) {
    test(`a waiver with ${JSON.stringify(wrong)} is refused`, () => {
      assert.throws(
        () => report({ advisory: "A", reason: "b", until: "2027-03-31", ...wrong }),
        (error) => isLinuxKitError(error, "INVALID_DEFINITION"),
      );
    });
  }
});
