import { NO_PATHS } from "../cache/segment-store.ts";
import { type Digest, digestOf, hexOf } from "../core/digest.ts";
import { canonicalJson } from "../core/json.ts";
import { fileBytes } from "../core/file-bytes.ts";
import { verify } from "../core/bytes.ts";
import type { LoaderFile } from "../format/loaders.ts";
import type { FormatWriter } from "../format/parts.ts";
import type { Plan } from "../plan/plan.ts";
import type { ArtifactFile } from "./artifact.ts";
import type { BuildPlanOptions } from "./build-plan-options.ts";
import type { BuildContext } from "./segment.ts";
import { type StagedArtifact, stageArtifact } from "./stage.ts";

// raise it when the bytes of a format change: it is part of the key, so files of older releases are not reused
const FORMAT_LAYOUT = 3;

/** The files of a format in the shared cache, by suffix. Their keys cover everything that determines their bytes. */
export interface SharedFiles {
  /** The files found in the shared cache. */
  readonly fetched: ReadonlyMap<string, StagedArtifact>;
  /** Stores a finished file in the shared cache. */
  share(suffix: string, file: ArtifactFile): void;
}

const NONE: SharedFiles = { fetched: new Map(), share: () => {} };

/**
 * Looks for the files of a costly format in the shared cache. Signed formats are always made here: their signature
 * must come from the signer that this build names.
 *
 * @param stage1 the digest of the first stage that the files hold
 */
export async function sharedFiles(
  format: FormatWriter,
  plan: Plan,
  loaders: ReadonlyMap<LoaderFile, Uint8Array>,
  options: BuildPlanOptions,
  { shared }: Pick<BuildContext, "shared">,
  stage1?: Digest,
): Promise<SharedFiles> {
  if (!shared || !format.costly || options.signer) return NONE;
  const { name, diskMiB } = options;
  const digests = Object.fromEntries((format.loaders?.(plan.arch) ?? []).map((file) => [file, digestOf(loaders.get(file) ?? "")]));
  const keyOf = (suffix: string): string =>
    hexOf(digestOf(canonicalJson({ format: FORMAT_LAYOUT, suffix, plan: plan.digest, loaders: digests, diskMiB, stage1 })));
  const fetched = new Map<string, StagedArtifact>();
  for (const suffix of format.suffixes) {
    const found = await shared.fetch(keyOf(suffix), `${name}${suffix}`, ({ size, open }) =>
      stageArtifact({ role: "image", suffix, size, open }, options),
    );
    if (found) fetched.set(suffix, found);
  }
  return {
    fetched,
    share(suffix, { path, size, sha256 }) {
      const digest = `sha256:${sha256}` as const;
      shared.keep(keyOf(suffix), `${name}${suffix}`, {
        digest,
        size,
        paths: NO_PATHS,
        open: () => verify(fileBytes(path), { size, digest }, path),
      });
    },
  };
}
