import assert from "node:assert/strict";
import { before, test } from "node:test";
import { debianPackage } from "../../sdk/sbom/databases.ts";
import { cyclonedxDocument } from "../../sdk/sbom/cyclonedx.ts";
import { spdxDocument } from "../../sdk/sbom/document.ts";
import { withGoProgram } from "../support/go-program.ts";
import { osvScan } from "../support/osv-scanner.ts";

before(() => withGoProgram("osv-scanner"), { timeout: 1_800_000 });

const distribution = { id: "debian", version: "12" };
const openssl = (version: string) =>
  debianPackage({ name: "libssl3", version, architecture: "amd64", distribution, source: { name: "openssl", version } });

/** An advisory as OSV has it (OSV schema 1.6); Debian's are under the names of source packages. */
const ADVISORY = {
  schema_version: "1.6.0",
  id: "DSA-0000-1",
  modified: "2024-01-01T00:00:00Z",
  published: "2024-01-01T00:00:00Z",
  affected: [
    {
      package: { ecosystem: "Debian:12", name: "openssl" },
      ranges: [{ type: "ECOSYSTEM", events: [{ introduced: "0" }, { fixed: "3.0.13-1~deb12u1" }] }],
    },
  ],
};

for (const [what, version, found] of [
  ["finds an advisory of the source package of a library", "3.0.11-1~deb12u2", ["DSA-0000-1"]],
  ["finds none for the version that mends it", "3.0.13-1~deb12u1", []],
  ["finds none for a later one", "3.0.15-1~deb12u1", []],
] as const) {
  test(`a scanner ${what}`, async () => {
    for (const [format, documentOf] of [
      ["SPDX", spdxDocument],
      ["CycloneDX", cyclonedxDocument],
    ] as const) {
      const document = documentOf([{ name: "web", places: [""], packages: [openssl(version)], attested: [] }]);
      const output = await osvScan([ADVISORY], document);
      assert.match(output, new RegExp(`Scanned .* as ${format} SBOM and found \\d+ package`));
      assert.deepEqual([...new Set(output.match(/DSA-0000-1/g))], found, format);
    }
  });
}
