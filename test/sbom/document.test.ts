import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { parseAttestation } from "../../sdk/sbom/attestation.ts";
import { type ImageContents, spdxDocument } from "../../sdk/sbom/document.ts";
import { checkSpdx, type Spdx } from "../support/spdx.ts";

/** An attestation as BuildKit writes it: the document describes a root package, and defines a license. */
const attestation = (name: string) => ({
  predicateType: "https://spdx.dev/Document",
  predicate: {
    spdxVersion: "SPDX-2.3",
    SPDXID: "SPDXRef-DOCUMENT",
    packages: [
      {
        SPDXID: "SPDXRef-Package-1",
        name,
        versionInfo: "1",
        downloadLocation: "NOASSERTION",
        licenseDeclared: "MIT AND LicenseRef-own",
        externalRefs: [
          { referenceCategory: "PACKAGE-MANAGER", referenceType: "purl", referenceLocator: `pkg:apk/alpine/${name}@1?arch=x86_64` },
        ],
      },
    ],
    files: [
      {
        SPDXID: "SPDXRef-File-1",
        fileName: "/bin/x",
        checksums: [{ algorithm: "SHA256", checksumValue: "a".repeat(64) }],
        licenseInfoInFiles: ["LicenseRef-own"],
      },
    ],
    hasExtractedLicensingInfos: [{ licenseId: "LicenseRef-own", extractedText: "be nice" }],
    relationships: [
      { spdxElementId: "SPDXRef-DOCUMENT", relatedSpdxElement: "SPDXRef-Package-1", relationshipType: "DESCRIBES" },
      { spdxElementId: "SPDXRef-Package-1", relatedSpdxElement: "SPDXRef-File-1", relationshipType: "CONTAINS" },
      { spdxElementId: "SPDXRef-Package-1", relatedSpdxElement: "DocumentRef-other:SPDXRef-x", relationshipType: "DEPENDS_ON" },
      { spdxElementId: "SPDXRef-Package-1", relatedSpdxElement: "NOASSERTION", relationshipType: "DEPENDS_ON" },
    ],
  },
});

const attested = (name: string) => parseAttestation(Buffer.from(JSON.stringify(attestation(name))), "a test's attestation");
const apk = (name: string, version = "1") => ({ name, version, purl: `pkg:apk/alpine/${name}@${version}?arch=x86_64&distro=alpine-3.20` });
const image = (name: string, some: Partial<ImageContents> = {}): ImageContents => ({
  name,
  places: [""],
  packages: [],
  attested: [],
  ...some,
});
const documentOf = (...images: ImageContents[]): Spdx => checkSpdx(spdxDocument(images));
const purls = ({ packages }: Spdx) =>
  packages.flatMap(({ externalRefs = [] }) => externalRefs.map(({ referenceLocator }) => referenceLocator));

test("a document without images describes an OS", () => {
  const { packages, relationships } = documentOf();
  assert.deepEqual(
    packages.map(({ SPDXID, name }) => [SPDXID, name]),
    [["SPDXRef-os", "os"]],
  );
  assert.deepEqual(relationships, [{ spdxElementId: "SPDXRef-DOCUMENT", relationshipType: "DESCRIBES", relatedSpdxElement: "SPDXRef-os" }]);
});

test("elements of two images with the same ids get different ids", () => {
  const document = documentOf(
    image("a", { attested: [attested("x")], places: ["containers/services/a/lower"] }),
    image("b", { attested: [attested("y")] }),
  );
  assert.deepEqual(
    document.packages.map(({ name }) => name),
    ["os", "a", "x", "b", "y"],
  );
  assert.deepEqual(
    document.files?.map(({ fileName }) => fileName),
    ["./containers/services/a/lower/bin/x", "./bin/x"],
  );
  assert.deepEqual(
    document.hasExtractedLicensingInfos?.map(({ licenseId }) => licenseId),
    ["LicenseRef-image0-0-own", "LicenseRef-image1-0-own"],
  );
  assert.equal(document.packages[2]?.licenseDeclared, "MIT AND LicenseRef-image0-0-own");
});

test("a package that is attested and in a database is listed once, as attested", () => {
  const document = documentOf(image("a", { attested: [attested("x")], packages: [apk("x"), apk("x", "2"), apk("y")] }));
  assert.deepEqual(purls(document), ["pkg:apk/alpine/x@1?arch=x86_64", apk("x", "2").purl, apk("y").purl]);
});

test("two documents have the same namespace only if they are equal", () => {
  const one = () => documentOf(image("a", { packages: [apk("x")] })).documentNamespace;
  assert.equal(one(), one());
  assert.notEqual(one(), documentOf(image("a", { packages: [apk("x", "2")] })).documentNamespace);
});

describe("an attestation is refused", () => {
  for (const { name, bytes, message } of [
    { name: "that is not JSON", bytes: "{", message: /x is not JSON/ },
    {
      name: "with another predicate",
      bytes: JSON.stringify({ ...attestation("x"), predicateType: "https://slsa.dev/provenance/v1" }),
      message: /x is not an SPDX attestation: predicateType/,
    },
    {
      name: "of SPDX 3",
      bytes: JSON.stringify({ ...attestation("x"), predicate: { spdxVersion: "SPDX-3.0" } }),
      message: /predicate\.spdxVersion/,
    },
    {
      name: "with an element without an id",
      bytes: JSON.stringify({ ...attestation("x"), predicate: { spdxVersion: "SPDX-2.3", packages: [{ name: "x" }] } }),
      message: /packages\.0\.SPDXID/,
    },
  ]) {
    test(name, () => assert.throws(() => parseAttestation(Buffer.from(bytes), "x"), { code: "CORRUPT", message }));
  }
});
