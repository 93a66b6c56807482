import { z } from "zod";
import { LinuxKitError } from "../core/errors.ts";
import { type Installed, installedFrom } from "./installed.ts";

const spdx = z.looseObject({
  spdxVersion: z.string().startsWith("SPDX-2."),
  packages: z
    .array(
      z.looseObject({
        externalRefs: z.array(z.looseObject({ referenceType: z.string(), referenceLocator: z.string() })).nullish(),
      }),
    )
    .nullish(),
});

// components of others may hold components, which are read below: they are as deep as a document's author likes
const components = z.array(z.looseObject({ purl: z.string().nullish(), components: z.unknown().optional() })).nullish();
const cyclonedx = z.looseObject({ bomFormat: z.literal("CycloneDX"), components });

/** The packages of distributions in an SPDX 2 or CycloneDX document, by their package URLs. @param what names it in messages @throws CORRUPT */
export function readDocument(text: string, what: string): Installed[] {
  const wrong = (why: string, cause: unknown): LinuxKitError =>
    new LinuxKitError("CORRUPT", `${what}: ${why}, wanted an SPDX 2 or CycloneDX document as JSON`, { path: what }, { cause });
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw wrong("not JSON", error);
  }
  const parse = <T>(schema: z.ZodType<T>, given: unknown): T => {
    const parsed = schema.safeParse(given);
    if (parsed.success) return parsed.data;
    throw wrong(`${parsed.error.issues[0]?.path.join(".")}: ${parsed.error.issues[0]?.message}`, parsed.error);
  };
  if (typeof value === "object" && value !== null && "bomFormat" in value) {
    const found: Installed[] = [];
    const waiting = [...(parse(cyclonedx, value).components ?? [])];
    for (let one = waiting.pop(); one !== undefined; one = waiting.pop()) {
      if (one.purl) found.push(...[installedFrom(one.purl) ?? []].flat());
      for (const inner of parse(components, one.components) ?? []) waiting.push(inner);
    }
    return found;
  }
  return (parse(spdx, value).packages ?? []).flatMap(({ externalRefs }) =>
    (externalRefs ?? []).flatMap(({ referenceType, referenceLocator }) =>
      referenceType === "purl" ? (installedFrom(referenceLocator) ?? []) : [],
    ),
  );
}
