import { join } from "node:path";
import { digestOf, hexOf } from "../core/digest.ts";
import { LinuxKitError } from "../core/errors.ts";
import { writeFileWhole } from "../core/write-file.ts";
import { hiddenFile } from "../definition/hidden-files.ts";
import { fileStep } from "../plan/entry-step.ts";
import { debianPath, plainPathMapping } from "../plan/path-mapping.ts";
import { type Plan, planDigest } from "../plan/plan.ts";
import { SBOM_SUFFIX } from "../share/os-artifact.ts";
import type { Artifact } from "./artifact.ts";

/** Whether to write the OS's SPDX document next to the files; with a path, into the OS too. */
export type SbomOption =
  | boolean
  | {
      /** Its path in the OS, such as `/usr/share/sbom.spdx.json`. */
      readonly path: string;
    };

/** Writes the document next to the files of an artifact. The artifact's digest does not include it. */
export async function addSbom(
  artifact: Artifact,
  sbom: string,
  target: { readonly outputDir: string; readonly name: string; readonly signal?: AbortSignal | undefined },
): Promise<Artifact> {
  const name = target.name + SBOM_SUFFIX;
  const path = join(target.outputDir, name);
  const bytes = Buffer.from(sbom);
  await writeFileWhole(path, [bytes], { signal: target.signal });
  return { ...artifact, files: [...artifact.files, { role: "sbom", name, path, size: bytes.length, sha256: hexOf(digestOf(bytes)) }] };
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
