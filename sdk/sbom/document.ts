import { digestOf, hexOf } from "../core/digest.ts";
import { canonicalJson } from "../core/json.ts";
import type { AttestedDocument, SpdxElement } from "./attestation.ts";
import { barePurl, type SoftwarePackage } from "./package.ts";
import { unnamedSources } from "./sources.ts";

/** The known software of one image of an operating system. */
export interface ImageContents {
  /** The image's full reference, or its source. */
  readonly name: string;
  /** Its package URL, by digest; absent for an image that is not from a registry. */
  readonly purl?: string | undefined;
  /** The folders of its tree, relative to the root of the OS: `""`, `containers/services/web/lower`. */
  readonly places: readonly string[];
  readonly packages: readonly SoftwarePackage[];
  /** The documents that the image's builder attested. */
  readonly attested: readonly AttestedDocument[];
}

const OS = "SPDXRef-os";
const DOCUMENT = "SPDXRef-DOCUMENT";
const NO_ASSERTION = "NOASSERTION";

/**
 * One SPDX 2.3 document, as JSON, of all software in an operating system: for each image its builder's attestations and
 * the packages of its databases. Ids are renamed so that those of two images do not collide. The document holds neither
 * a time nor random values: the same OS gives the same document.
 */
export function spdxDocument(images: readonly ImageContents[]): string {
  const merged = images.map((image, index) => imageElements(image, `image${index}`));
  const all = <K extends keyof Elements>(name: K): Elements[K][number][] =>
    merged.flatMap((elements) => elements[name] as Elements[K][number][]);
  const content = {
    spdxVersion: "SPDX-2.3",
    dataLicense: "CC0-1.0",
    SPDXID: DOCUMENT,
    name: "sbom",
    creationInfo: { created: "1970-01-01T00:00:00Z", creators: ["Tool: pulumi-linuxkit"] },
    packages: [{ ...element(OS, "os"), primaryPackagePurpose: "OPERATING-SYSTEM" }, ...all("packages")],
    files: all("files"),
    hasExtractedLicensingInfos: [...all("licenses"), ...ownLicenses(images)],
    relationships: [related(DOCUMENT, "DESCRIBES", OS), ...all("relationships")],
  };
  const given = Object.entries(content).filter(([, value]) => !Array.isArray(value) || value.length > 0);
  // a namespace identifies its document (SPDX 2.3, 6.5), so it is derived from the content
  const documentNamespace = `https://spdx.org/spdxdocs/linuxkit-${hexOf(digestOf(canonicalJson(content)))}`;
  return `${JSON.stringify({ ...Object.fromEntries(given), documentNamespace }, undefined, 2)}\n`;
}

interface Elements {
  readonly packages: object[];
  readonly files: object[];
  readonly licenses: object[];
  readonly relationships: object[];
}

function imageElements({ name, purl, places, packages, attested }: ImageContents, prefix: string): Elements {
  const own = `SPDXRef-${prefix}`;
  const comment = `in ${places.map((place) => `/${place}`).join(", ")}`;
  const elements: Elements = {
    packages: [
      {
        ...element(own, name),
        ...(purl !== undefined && { externalRefs: [purlReference(purl)] }),
        primaryPackagePurpose: "CONTAINER",
        comment,
      },
    ],
    files: [],
    licenses: [],
    relationships: [related(OS, "CONTAINS", own)],
  };
  const known = new Set<string>();
  for (const [index, document] of attested.entries())
    adopt(document, { id: `${prefix}-${index}`, own, place: places[0] ?? "" }, elements, known);
  for (const [index, found] of packages.entries()) {
    // an attestation has more detail than a database
    if (known.has(barePurl(found.purl))) continue;
    const id = `${own}-package${index}`;
    elements.packages.push(packageElement(id, found));
    elements.relationships.push(related(own, "CONTAINS", id));
  }
  addSources(packages, own, elements);
  return elements;
}

/** Elements of the source packages that no package has the name of. */
function addSources(packages: readonly SoftwarePackage[], own: string, elements: Elements): void {
  const sources = unnamedSources(packages);
  const ids = new Map(sources.map(({ purl }, index) => [purl, `${own}-source${index}`]));
  for (const { name, version, purl } of sources) {
    elements.packages.push({
      ...element(ids.get(purl) ?? "", name),
      versionInfo: version,
      primaryPackagePurpose: "SOURCE",
      externalRefs: [purlReference(purl)],
    });
  }
  for (const [index, { source }] of packages.entries()) {
    const id = source && ids.get(source.purl);
    if (id === undefined) continue;
    const from = `${own}-package${index}`;
    if (elements.packages.some((found) => (found as SpdxElement).SPDXID === from))
      elements.relationships.push(related(from, "GENERATED_FROM", id));
  }
}

interface Adoption {
  /** The prefix of every id. */
  readonly id: string;
  /** The id of the image's own element, which replaces the attested document. */
  readonly own: string;
  readonly place: string;
}

function adopt(document: AttestedDocument, { id, own, place }: Adoption, elements: Elements, known: Set<string>): void {
  const licenses = new Map(
    document.hasExtractedLicensingInfos.map(({ licenseId }) => [
      String(licenseId),
      String(licenseId).replace(/^LicenseRef-/, `LicenseRef-${id}-`),
    ]),
  );
  const renamed = (spdxId: string): string | undefined => {
    if (spdxId === DOCUMENT) return own;
    // a reference to another document has no element here
    return /^SPDXRef-/.test(spdxId) ? spdxId.replace(/^SPDXRef-/, `SPDXRef-${id}-`) : undefined;
  };
  const kept = (found: SpdxElement): Record<string, unknown> => {
    const members = Object.entries(found).map(([name, value]) => [name, /^license/.test(name) ? withLicenses(value, licenses) : value]);
    return { ...Object.fromEntries(members), SPDXID: renamed(found.SPDXID) };
  };
  for (const found of document.packages) {
    for (const { referenceType, referenceLocator } of (found["externalRefs"] ?? []) as {
      referenceType?: string;
      referenceLocator?: string;
    }[]) {
      if (referenceType === "purl" && referenceLocator) known.add(barePurl(referenceLocator));
    }
    elements.packages.push(kept(found));
  }
  for (const found of document.files) elements.files.push({ ...kept(found), fileName: joined(place, String(found["fileName"] ?? "")) });
  for (const found of document.hasExtractedLicensingInfos)
    elements.licenses.push({ ...found, licenseId: licenses.get(String(found["licenseId"])) });
  for (const found of document.relationships) {
    const [from, to] = [
      renamed(found.spdxElementId),
      found.relatedSpdxElement === "NONE" || found.relatedSpdxElement === NO_ASSERTION
        ? found.relatedSpdxElement
        : renamed(found.relatedSpdxElement),
    ];
    // a document describes its packages, an image contains them
    const relationshipType = from === own && found.relationshipType === "DESCRIBES" ? "CONTAINS" : found.relationshipType;
    if (from && to && from !== to) elements.relationships.push({ ...found, spdxElementId: from, relatedSpdxElement: to, relationshipType });
  }
}

function packageElement(id: string, found: SoftwarePackage): object {
  const { name, version, purl, license, supplier, homepage, sha256, expression, source, cpe } = found;
  return {
    ...element(id, name),
    versionInfo: version,
    ...(supplier && { supplier: `Organization: ${supplier}` }),
    ...(homepage && URL.canParse(homepage) && { homepage }),
    ...(sha256 && { checksums: [{ algorithm: "SHA256", checksumValue: sha256 }] }),
    licenseConcluded: NO_ASSERTION,
    ...(source && { sourceInfo: `built from the source package ${source.name} ${source.version}` }),
    licenseDeclared: expression ?? NO_ASSERTION,
    // licenses in a distribution's database are mostly not SPDX expressions
    ...(license && { licenseComments: license }),
    externalRefs: [purlReference(purl), ...(cpe === undefined ? [] : [cpeReference(cpe)])],
  };
}

function cpeReference(referenceLocator: string): object {
  return { referenceCategory: "SECURITY", referenceType: "cpe23Type", referenceLocator };
}

/** The licenses of packages that SPDX has no name for; a reference needs an entry (SPDX 2.3, 10). */
function ownLicenses(images: readonly ImageContents[]): object[] {
  const found = new Map<string, Set<string>>();
  for (const { name, expression = "" } of images.flatMap(({ packages }) => packages)) {
    for (const [id] of expression.matchAll(/LicenseRef-[A-Za-z0-9.-]+/g)) found.set(id, (found.get(id) ?? new Set()).add(name));
  }
  return [...found]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([licenseId, names]) => ({
      licenseId,
      name: licenseId.replace(/^LicenseRef-Debian-/, ""),
      extractedText: [...names]
        .sort()
        .map((name) => `/usr/share/doc/${name}/copyright`)
        .join("\n"),
    }));
}

function element(SPDXID: string, name: string): object {
  return { SPDXID, name, downloadLocation: NO_ASSERTION, filesAnalyzed: false };
}

function purlReference(referenceLocator: string): object {
  return { referenceCategory: "PACKAGE-MANAGER", referenceType: "purl", referenceLocator };
}

function related(spdxElementId: string, relationshipType: string, relatedSpdxElement: string): object {
  return { spdxElementId, relationshipType, relatedSpdxElement };
}

function withLicenses(value: unknown, licenses: ReadonlyMap<string, string>): unknown {
  if (Array.isArray(value)) return value.map((item) => withLicenses(item, licenses));
  return typeof value === "string" ? value.replaceAll(/LicenseRef-[A-Za-z0-9.-]+/g, (name) => licenses.get(name) ?? name) : value;
}

function joined(place: string, file: string): string {
  const plain = file.replace(/^\.?\/+/, "");
  return `./${place === "" ? plain : `${place}/${plain}`}`;
}
