import assert from "node:assert/strict";
import { before, test } from "node:test";
import { advisoriesOf } from "../../sdk/advisory/advisory.ts";
import { vulnerabilitiesOf } from "../../sdk/advisory/affected.ts";
import { readAdvisories } from "../../sdk/advisory/read-advisories.ts";
import { debianPackage } from "../../sdk/sbom/databases.ts";
import { cyclonedxDocument } from "../../sdk/sbom/cyclonedx.ts";
import { spdxDocument } from "../../sdk/sbom/document.ts";
import { readDocument } from "../../sdk/sbom/read-document.ts";
import { withGoProgram } from "../support/go-program.ts";
import { osvScan } from "../support/osv-scanner.ts";
import { Random, seed } from "../support/random.ts";

before(() => withGoProgram("osv-scanner"), { timeout: 1_800_000 });

// ascending; offline, the scanner does not tell the releases of Debian apart
const VERSIONS = ["0.9-1", "1.0~rc1-1", "1.0-1", "1.0-1+deb12u1", "1.0-1+deb12u2", "1.0+dfsg-1", "1.9-1", "1.10-1", "1:0.1-1", "2:0~1-1"];

test("osv-scanner finds the same advisories for the packages of an SBOM, 300 advisories over 60 packages", async (context) => {
  const from = seed();
  context.diagnostic(`TEST_SEED=${from}`);
  const random = new Random(from);
  const names = Array.from({ length: 60 }, (_, index) => `source${index}`);
  const packages = names.map((name) => {
    const version = random.pick(VERSIONS);
    return debianPackage({
      name: random.chance(0.5) ? name : `lib${name}`,
      version,
      architecture: "amd64",
      distribution: { id: "debian", version: "12" },
      source: { name, version },
    });
  });
  const advisories = Array.from({ length: 300 }, (_, index) => {
    const first = random.below(VERSIONS.length - 1);
    const introduced = random.chance(0.6) ? "0" : VERSIONS[first];
    const last = VERSIONS[first + 1 + random.below(VERSIONS.length - first - 1)];
    const end = random.chance(0.7) ? { fixed: last } : random.chance(0.5) ? { last_affected: last } : undefined;
    return {
      schema_version: "1.6.0",
      id: `DSA-${1000 + index}-1`,
      modified: "2024-01-01T00:00:00Z",
      affected: [
        {
          package: { ecosystem: "Debian:12", name: random.pick(names) },
          ranges: [{ type: "ECOSYSTEM", events: [{ introduced }, ...(end ? [end] : [])] }],
        },
      ],
    };
  });
  const contents = [{ name: "web", places: [""], packages, attested: [] }];
  const known = advisoriesOf(readAdvisories(JSON.stringify(advisories), "advisories"));
  const found: (readonly string[])[] = [];
  for (const text of [spdxDocument(contents), cyclonedxDocument(contents)]) {
    const output = await osvScan(advisories, text);
    const theirs = [...new Set(output.match(/DSA-\d+-1/g))].sort();
    const ours = [...new Set(vulnerabilitiesOf(readDocument(text, "sbom"), known).map(({ advisory }) => advisory.id))].sort();
    assert.ok(theirs.length > 30, output.slice(0, 400));
    assert.deepEqual(ours, theirs);
    found.push(theirs);
  }
  assert.deepEqual(found[1], found[0]);
});
