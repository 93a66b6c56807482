import { digestOf, hexOf } from "../core/digest.ts";
import { canonicalJson } from "../core/json.ts";
import type { AttestedDocument, SpdxElement } from "./attestation.ts";
import type { ImageContents } from "./document.ts";
import { barePurl, type SoftwarePackage } from "./package.ts";
import { unnamedSources } from "./sources.ts";

const OS = "os";
const NO_LICENSE = /^(?:NOASSERTION|NONE)?$/;

/**
 * One CycloneDX 1.6 document, as JSON, of all software in an operating system, beside the SPDX document of the same contents. Every
 * component is in one list, and `dependencies` says which image has it. The document holds neither a time nor random values.
 * Source: CycloneDX 1.6, bom-1.6.schema.json. Files of a builder's attestations are in the SPDX document only.
 */
export function cyclonedxDocument(images: readonly ImageContents[]): string {
  const found = images.map((image, index) => imageComponents(image, `image${index}`));
  const content = {
    metadata: {
      tools: { components: [{ type: "application", name: "pulumi-linuxkit" }] },
      component: { type: "operating-system", "bom-ref": OS, name: "os" },
    },
    components: found.flatMap(({ image, parts }) => [image, ...parts]),
    dependencies: [
      { ref: OS, dependsOn: found.map(({ image }) => image["bom-ref"]) },
      ...found.map(({ image, parts }) => ({ ref: image["bom-ref"], dependsOn: parts.map((part) => part["bom-ref"]) })),
    ],
  };
  const document = { bomFormat: "CycloneDX", specVersion: "1.6", serialNumber: serialOf(content), version: 1, ...content };
  return `${JSON.stringify(document, undefined, 2)}\n`;
}

interface Component extends Readonly<Record<string, unknown>> {
  readonly type: string;
  readonly "bom-ref": string;
  readonly name: string;
}

function imageComponents(
  { name, purl, places, packages, attested }: ImageContents,
  prefix: string,
): { readonly image: Component; readonly parts: readonly Component[] } {
  const image = {
    ...{ type: "container", "bom-ref": prefix, name },
    ...(purl !== undefined && { purl }),
    evidence: { occurrences: places.map((place) => ({ location: `/${place}` })) },
  };
  const built = attested.flatMap((document, index) => attestedComponents(document, `${prefix}-${index}`));
  const known = new Set(built.flatMap(({ purl: own }) => (typeof own === "string" ? [barePurl(own)] : [])));
  // an attestation has more detail than a database
  const listed = packages.filter((one) => !known.has(barePurl(one.purl)));
  return {
    image,
    parts: [
      ...built,
      ...listed.map((one, index) => packageComponent(one, `${prefix}-package${index}`)),
      ...unnamedSources(packages).map((source, index) => ({ ...library(source), "bom-ref": `${prefix}-source${index}` })),
    ],
  };
}

function packageComponent(found: SoftwarePackage, ref: string): Component {
  const { license, supplier, homepage, sha256, expression, source, cpe } = found;
  return {
    ...library(found),
    "bom-ref": ref,
    ...(supplier && { supplier: { name: supplier } }),
    ...(sha256 && { hashes: [{ alg: "SHA-256", content: sha256 }] }),
    ...licensesOf(expression, license),
    ...(cpe !== undefined && { cpe }),
    ...(homepage && URL.canParse(homepage) && { externalReferences: [{ type: "website", url: homepage }] }),
    ...(source && { pedigree: { ancestors: [library(source)] } }),
  };
}

function library({ name, version, purl }: Pick<SoftwarePackage, "name" | "version" | "purl">) {
  return { type: "library", name, version, purl };
}

/** The packages of a builder's SPDX document. */
function attestedComponents({ packages }: AttestedDocument, prefix: string): Component[] {
  return packages.map((found) => {
    const { name, versionInfo, licenseDeclared } = found;
    const [purl, cpe] = [referenceOf(found, "purl"), referenceOf(found, "cpe23Type")];
    return {
      type: "library",
      "bom-ref": `${prefix}-${found.SPDXID}`,
      name: typeof name === "string" && name !== "" ? name : found.SPDXID,
      ...(typeof versionInfo === "string" && { version: versionInfo }),
      ...(purl !== undefined && { purl }),
      ...licensesOf(typeof licenseDeclared === "string" ? licenseDeclared : undefined, undefined),
      ...(cpe !== undefined && { cpe }),
    };
  });
}

function referenceOf(found: SpdxElement, type: string): string | undefined {
  const references = (found["externalRefs"] ?? []) as readonly { readonly referenceType?: string; readonly referenceLocator?: string }[];
  return references.find(({ referenceType }) => referenceType === type)?.referenceLocator;
}

/** An SPDX expression, or a distribution's own text about the license. */
function licensesOf(expression: string | undefined, text: string | undefined): { readonly licenses?: readonly object[] } {
  const acknowledgement = "declared";
  if (expression !== undefined && !NO_LICENSE.test(expression)) return { licenses: [{ expression, acknowledgement }] };
  return text ? { licenses: [{ license: { name: text, acknowledgement } }] } : {};
}

/** A UUID of version 8 (RFC 9562, 5.8) from the content: the same OS gives the same document. */
function serialOf(content: object): string {
  const hex = hexOf(digestOf(canonicalJson(content as never)));
  const variant = ((Number.parseInt(hex.charAt(16), 16) & 3) | 8).toString(16);
  return `urn:uuid:${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}
