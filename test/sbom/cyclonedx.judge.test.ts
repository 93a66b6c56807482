import assert from "node:assert/strict";
import { test } from "node:test";
import { cyclonedxDocument } from "../../sdk/sbom/cyclonedx.ts";
import { judgeCyclonedx } from "../support/cyclonedx.ts";
import { CONTENTS } from "./contents.ts";

test("CycloneDX's own schema accepts the documents, and refuses damaged ones", { timeout: 300_000 }, async () => {
  const text = cyclonedxDocument(CONTENTS);
  const [good, empty, ...bad] = await judgeCyclonedx([
    text,
    cyclonedxDocument([]),
    text.replace('"type": "library"', '"type": "package"'),
    text.replace("urn:uuid:", "uuid:"),
    text.replace('"alg": "SHA-256"', '"alg": "SHA256"'),
    text.replace('"components"', '"component"'),
    text.replace('"version": 1,', '"version": "1",'),
  ]);
  assert.deepEqual([good, empty], ["", ""]);
  for (const [index, verdict] of bad.entries()) assert.notEqual(verdict, "", `damaged document ${index}`);
  assert.equal(bad.length, 5);
});
