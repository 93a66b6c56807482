import assert from "node:assert/strict";
import { test } from "node:test";
import { cyclonedxDocument } from "../../sdk/sbom/cyclonedx.ts";
import { spdxDocument } from "../../sdk/sbom/document.ts";
import { readDocument } from "../../sdk/sbom/read-document.ts";
import { CONTENTS } from "./contents.ts";

interface Document {
  readonly serialNumber: string;
  readonly components: readonly (Readonly<Record<string, unknown>> & { readonly "bom-ref": string; readonly name: string })[];
  readonly dependencies: readonly { readonly ref: string; readonly dependsOn: readonly string[] }[];
}
const documentOf = (contents = CONTENTS): Document => JSON.parse(cyclonedxDocument(contents)) as Document;
const component = (name: string) => documentOf().components.find((one) => one.name === name);

test("a Debian package has its purl with the source package, digest, licences, supplier, homepage and CPE", () => {
  assert.deepEqual(component("libssl3"), {
    type: "library",
    name: "libssl3",
    version: "3.0.11-1~deb12u2",
    purl: "pkg:deb/debian/libssl3@3.0.11-1~deb12u2?arch=amd64&distro=debian-12&upstream=openssl",
    "bom-ref": "image0-package0",
    supplier: { name: "Debian OpenSSL Team <pkg-openssl@example.org>" },
    hashes: [{ alg: "SHA-256", content: "a".repeat(64) }],
    licenses: [{ expression: "Apache-2.0", acknowledgement: "declared" }],
    cpe: "cpe:2.3:a:openssl:openssl:3.0.11:*:*:*:*:*:*:*",
    externalReferences: [{ type: "website", url: "https://www.openssl.org/" }],
    pedigree: {
      ancestors: [
        {
          type: "library",
          name: "openssl",
          version: "3.0.11-1~deb12u2",
          purl: "pkg:deb/debian/openssl@3.0.11-1~deb12u2?arch=source&distro=debian-12",
        },
      ],
    },
  });
});

test("an attested package has more than the database's, which is left out; a text about a licence is a name", () => {
  assert.equal(documentOf().components.filter(({ name }) => name === "musl").length, 1);
  assert.deepEqual(component("zlib")?.["licenses"], [{ license: { name: "Zlib license, mostly", acknowledgement: "declared" } }]);
  assert.equal(component("express")?.["cpe"], "cpe:2.3:a:openjsf:express:4.0.0:*:*:*:*:*:*:*");
  // a package without a name has its id
  assert.equal(component("SPDXRef-Package-2")?.["licenses"], undefined);
});

test("each reference is one component's, and each component belongs to an image", () => {
  const { components, dependencies } = documentOf();
  const refs = components.map((one) => one["bom-ref"]);
  assert.equal(new Set(refs).size, refs.length);
  assert.deepEqual(dependencies.flatMap(({ dependsOn }) => dependsOn).sort(), refs.toSorted());
  assert.deepEqual(dependencies[0], { ref: "os", dependsOn: ["image0", "image1"] });
});

test("both formats have the same package URLs, and `audit --sbom` reads the same packages from both", () => {
  const purls = (text: string): string[] => [...new Set([...text.matchAll(/"(pkg:[^"]+)"/g)].map(([, purl = ""]) => purl))].sort();
  const [spdx, cyclonedx] = [spdxDocument(CONTENTS), cyclonedxDocument(CONTENTS)];
  assert.deepEqual(purls(cyclonedx), purls(spdx));
  const installed = readDocument(cyclonedx, "x");
  assert.deepEqual(
    new Set(installed.map((one) => JSON.stringify(one))),
    new Set(readDocument(spdx, "x").map((one) => JSON.stringify(one))),
  );
  assert.ok(installed.length >= 4, JSON.stringify(installed));
});

test("a document of others may nest components, and one that is damaged is refused", () => {
  const purl = "pkg:deb/debian/dash@1";
  const nested = { bomFormat: "CycloneDX", components: [{ type: "container", name: "a", components: [{ type: "library", purl }] }] };
  assert.deepEqual(
    readDocument(JSON.stringify(nested), "x").map(({ name }) => name),
    ["dash"],
  );
  for (const [text, message] of [
    ['{"bomFormat":"CycloneDX","components":[{"purl":1}]}', /: x: components\.0\.purl: /],
    ['{"bomFormat":"Other"}', /: x: bomFormat: /],
    ["{}", /: x: spdxVersion: .*wanted an SPDX 2 or CycloneDX document as JSON/],
  ] as const)
    assert.throws(() => readDocument(text, "x"), message);
  const deep = `{"bomFormat":"CycloneDX","components":${'[{"components":'.repeat(5000)}[{"purl":"${purl}"}]${"}]".repeat(5000)}}`;
  assert.equal(readDocument(deep, "x").length, 1);
});

test("the same contents give the same document, and others another serial number", () => {
  assert.equal(cyclonedxDocument(CONTENTS), cyclonedxDocument(structuredClone(CONTENTS)));
  assert.match(documentOf().serialNumber, /^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  assert.notEqual(documentOf().serialNumber, documentOf(CONTENTS.slice(1)).serialNumber);
});
