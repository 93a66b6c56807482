import { z } from "zod";
import { LinuxKitError } from "../core/errors.ts";
import { listOf } from "../schema/list-of.ts";

/** The parts of an SPDX document that are merged into another: the lists of SPDX 2.3, whose elements have ids. */
export interface AttestedDocument {
  readonly packages: readonly SpdxElement[];
  readonly files: readonly SpdxElement[];
  readonly hasExtractedLicensingInfos: readonly Readonly<Record<string, unknown>>[];
  readonly relationships: readonly SpdxRelationship[];
}

/** A package or file of an SPDX document. */
export type SpdxElement = Readonly<Record<string, unknown>> & { readonly SPDXID: string };

/** A relationship between two elements. */
export type SpdxRelationship = Readonly<Record<string, unknown>> & {
  readonly spdxElementId: string;
  readonly relatedSpdxElement: string;
  readonly relationshipType: string;
};

const element = z.looseObject({ SPDXID: z.string().regex(/^SPDXRef-[A-Za-z0-9.-]+$/) });

const schema = z.object({
  predicateType: z.literal("https://spdx.dev/Document"),
  predicate: z.object({
    spdxVersion: z.string().startsWith("SPDX-2."),
    packages: listOf(element).default([]),
    files: listOf(element).default([]),
    hasExtractedLicensingInfos: listOf(z.looseObject({ licenseId: z.string() })).default([]),
    relationships: listOf(
      z.looseObject({ spdxElementId: z.string(), relatedSpdxElement: z.string(), relationshipType: z.string() }),
    ).default([]),
  }),
});

/**
 * Parses an in-toto statement with an SPDX 2 document, as BuildKit attaches it to an image.
 *
 * @param what names it in messages
 * @throws CORRUPT for any other document
 */
export function parseAttestation(bytes: Uint8Array, what: string): AttestedDocument {
  let json: unknown;
  try {
    json = JSON.parse(Buffer.from(bytes).toString());
  } catch (error) {
    throw new LinuxKitError("CORRUPT", `${what} is not JSON: ${(error as Error).message}`, { path: what }, { cause: error });
  }
  const parsed = schema.safeParse(json);
  if (parsed.success) return parsed.data.predicate as AttestedDocument;
  const [issue] = parsed.error.issues;
  throw new LinuxKitError(
    "CORRUPT",
    `${what} is not an SPDX attestation: ${issue?.path.join(".")}: ${issue?.message}`,
    { path: what },
    { cause: parsed.error },
  );
}
