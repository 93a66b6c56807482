import assert from "node:assert/strict";

/** An SPDX 2.3 document, with the members that tests read. */
export interface Spdx {
  readonly documentNamespace: string;
  readonly packages: readonly {
    readonly SPDXID: string;
    readonly name: string;
    readonly licenseDeclared?: string;
    readonly externalRefs?: readonly { readonly referenceLocator: string }[];
  }[];
  readonly files?: readonly { readonly SPDXID: string; readonly fileName: string }[];
  readonly hasExtractedLicensingInfos?: readonly { readonly licenseId: string }[];
  readonly relationships: readonly {
    readonly spdxElementId: string;
    readonly relatedSpdxElement: string;
    readonly relationshipType: string;
  }[];
}

/** Reads a document, and checks what the specification requires: members, ids, and that relationships name existing elements. */
export function checkSpdx(text: string): Spdx {
  const document = JSON.parse(text) as Spdx & Record<string, unknown>;
  assert.equal(document["spdxVersion"], "SPDX-2.3");
  assert.equal(document["dataLicense"], "CC0-1.0");
  assert.equal(document["SPDXID"], "SPDXRef-DOCUMENT");
  assert.ok(URL.canParse(document.documentNamespace));
  const { created, creators } = document["creationInfo"] as { created: string; creators: string[] };
  assert.match(created, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
  assert.ok(creators.every((creator) => /^(Tool|Person|Organization): ./.test(creator)));
  const elements = [...document.packages, ...(document.files ?? [])];
  const ids = ["SPDXRef-DOCUMENT", ...elements.map(({ SPDXID }) => SPDXID)];
  assert.deepEqual(
    ids.filter((id) => !/^SPDXRef-[A-Za-z0-9.-]+$/.test(id)),
    [],
  );
  assert.equal(new Set(ids).size, ids.length, "every id is one element's");
  for (const found of document.packages) assert.ok(found.name && "downloadLocation" in found, found.SPDXID);
  for (const { spdxElementId, relatedSpdxElement } of document.relationships) {
    assert.ok(ids.includes(spdxElementId), spdxElementId);
    assert.ok(ids.includes(relatedSpdxElement) || ["NONE", "NOASSERTION"].includes(relatedSpdxElement), relatedSpdxElement);
  }
  // every listed package is in the OS
  const reached = new Set(["SPDXRef-DOCUMENT"]);
  for (let size = 0; size !== reached.size; ) {
    size = reached.size;
    for (const { spdxElementId, relatedSpdxElement } of document.relationships)
      if (reached.has(spdxElementId)) reached.add(relatedSpdxElement);
  }
  assert.deepEqual(
    ids.filter((id) => !reached.has(id)),
    [],
  );
  const licenses = new Set((document.hasExtractedLicensingInfos ?? []).map(({ licenseId }) => licenseId));
  for (const [name] of text.matchAll(/LicenseRef-[A-Za-z0-9.-]+/g)) assert.ok(licenses.has(name), name);
  return document;
}
