import { z } from "zod";
import { LinuxKitError } from "../core/errors.ts";
import { type Installed, installedFrom } from "./installed.ts";

const schema = z.looseObject({
  spdxVersion: z.string().startsWith("SPDX-2."),
  packages: z
    .array(
      z.looseObject({
        externalRefs: z.array(z.looseObject({ referenceType: z.string(), referenceLocator: z.string() })).nullish(),
      }),
    )
    .nullish(),
});

/** The packages of distributions in an SPDX 2 document, by their package URLs. @param what names it in messages @throws CORRUPT */
export function readDocument(text: string, what: string): Installed[] {
  const wrong = (why: string, cause: unknown): LinuxKitError =>
    new LinuxKitError("CORRUPT", `${what}: ${why}, wanted an SPDX 2 document as JSON`, { path: what }, { cause });
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw wrong("not JSON", error);
  }
  const parsed = schema.safeParse(value);
  if (!parsed.success) throw wrong(`${parsed.error.issues[0]?.path.join(".")}: ${parsed.error.issues[0]?.message}`, parsed.error);
  return (parsed.data.packages ?? []).flatMap(({ externalRefs }) =>
    (externalRefs ?? []).flatMap(({ referenceType, referenceLocator }) =>
      referenceType === "purl" ? (installedFrom(referenceLocator) ?? []) : [],
    ),
  );
}
