import { join } from "node:path";
import { digestOf, hexOf } from "../core/digest.ts";
import { LinuxKitError } from "../core/errors.ts";
import { writeFileWhole } from "../core/write-file.ts";
import { hiddenFile } from "../definition/hidden-files.ts";
import { fileStep } from "../plan/entry-step.ts";
import { debianPath, plainPathMapping } from "../plan/path-mapping.ts";
import { type Plan, planDigest } from "../plan/plan.ts";
import { cyclonedxDocument } from "../sbom/cyclonedx.ts";
import { type ImageContents, spdxDocument } from "../sbom/document.ts";
import { SBOM_SUFFIX } from "../share/os-artifact.ts";
import type { Artifact } from "./artifact.ts";

/** Whether to write the OS's SPDX document next to the files; more with the members. */
export type SbomOption =
  | boolean
  | {
      /** The SPDX document's path in the OS too, such as `/usr/share/sbom.spdx.json`. @default it is not in the OS */
      readonly path?: string | undefined;
      /** Whether a CycloneDX 1.6 document is written beside it. @default false */
      readonly cyclonedx?: boolean | undefined;
    };

/** The documents of an OS by the role of their file. */
export type SbomDocuments = Readonly<Partial<Record<"sbom" | "sbom-cyclonedx", string>>>;

/** What the name of each document's file ends with. CycloneDX's is the one that its specification recommends (1.6, "Recognized file patterns"). */
const SUFFIXES = { sbom: SBOM_SUFFIX, "sbom-cyclonedx": "-sbom.cdx.json" } as const;

/** The documents that a build writes for what is in the OS. */
export function sbomDocuments(contents: readonly ImageContents[], wanted: SbomOption): SbomDocuments {
  return {
    sbom: spdxDocument(contents),
    ...(typeof wanted === "object" && wanted.cyclonedx === true && { "sbom-cyclonedx": cyclonedxDocument(contents) }),
  };
}

/** Writes the documents next to the files of an artifact. The artifact's digest does not include them. */
export async function addSboms(
  artifact: Artifact,
  documents: SbomDocuments,
  target: { readonly outputDir: string; readonly name: string; readonly signal?: AbortSignal | undefined },
): Promise<Artifact> {
  const files = [...artifact.files];
  for (const role of ["sbom", "sbom-cyclonedx"] as const) {
    const text = documents[role];
    if (text === undefined) continue;
    const name = target.name + SUFFIXES[role];
    const path = join(target.outputDir, name);
    const bytes = Buffer.from(text);
    await writeFileWhole(path, [bytes], { signal: target.signal });
    files.push({ role, name, path, size: bytes.length, sha256: hexOf(digestOf(bytes)) });
  }
  return { ...artifact, files };
}

/** The plan with the document in the OS. The segment with the end mark stays last. */
export function withSbom(plan: Plan, path: string, sbom: string): Plan {
  const isMerged = plan.segments.some(({ steps }) =>
    steps.some((step) => step.kind === "unpack" && "debian" in step.source && step.source.debian.role === "init"),
  );
  const hidden = isMerged ? hiddenFile(path) : undefined;
  if (hidden !== undefined)
    throw new LinuxKitError("INVALID_DEFINITION", `sbom.path: got ${JSON.stringify(path)}, which ${hidden}`, { path: "sbom.path" });
  const step = fileStep((isMerged ? debianPath : plainPathMapping)(path), sbom);
  const segments = [...plan.segments];
  const last = segments.pop();
  // a separate segment, because it changes with every package
  segments.push(
    { name: "sbom", compression: last?.compression ?? { algorithm: "gzip", level: 6 }, steps: [step] },
    ...(last ? [last] : []),
  );
  const { digest: _, ...rest } = { ...plan, segments };
  return { ...rest, digest: planDigest(rest) };
}
