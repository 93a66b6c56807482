import type { Arch } from "../../core/arch.ts";
import { definitionOf } from "../../definition/keyed-files.ts";
import { present } from "../../core/present.ts";
import type { Work } from "../../plugin/resource-type.ts";
import type { Properties } from "../../plugin/value.ts";
import type { Lock } from "../../resolve/lock.ts";
import type { ArtifactStore } from "./artifact-store.ts";
import { type BuildRecord, recordOf } from "./build-record.ts";
import type { Builder, BuilderOptions, Built } from "./builder.ts";
import { DEBIAN_MIRRORS } from "./debian-mirrors.ts";
import type { ImageBuildInputs } from "./image-build-inputs.ts";
import type { ImageBuildOutputs } from "./image-build-outputs.ts";

/**
 * Builds an image, or fetches one that was published, and keeps its files, and its record, in the cache. A build that fails leaves nothing.
 *
 * @throws the builder's errors, DISK_FULL, UNWRITABLE
 */
export async function keepBuild(
  artifacts: ArtifactStore,
  builder: Builder,
  inputs: ImageBuildInputs,
  lock: Lock | undefined,
  work: BuildWork,
): Promise<ImageBuildOutputs> {
  const built = await artifacts.keep(
    (outputDir) =>
      make(builder, inputs, lock, work, { outputDir, cacheDir: artifacts.cacheDir, onProgress: work.progress, signal: work.signal }),
    async (built) => ({
      digest: built.digest,
      record: recordOf(
        { inputs, outputs: outputsOf(built, inputs.arch, artifacts) },
        (await artifacts.record(built.digest)) as BuildRecord | undefined,
        work.isSecret,
      ),
    }),
  );
  work.progress({ stage: "build", message: summary(built), lasting: true });
  return outputsOf(built, inputs.arch, artifacts);
}

function make(
  builder: Builder,
  { image, artifact, localImages: _, ...wanted }: ImageBuildInputs,
  lock: Lock | undefined,
  { config }: BuildWork,
  around: Pick<BuilderOptions, "outputDir" | "cacheDir" | "onProgress" | "signal">,
): Promise<Built> {
  if (artifact !== undefined) return builder.pull(artifact, { ...wanted, ...around });
  return builder.build(definitionOf(present(image)), { ...mirrorsOf(config), ...wanted, ...around, lock });
}

/** The parts of an operation that a build uses. */
export type BuildWork = Pick<Work, "signal" | "progress" | "config" | "isSecret">;

/** The mirrors of the stack's configuration. */
export function mirrorsOf(config: Properties): Partial<Record<keyof typeof DEBIAN_MIRRORS, string>> {
  return Object.fromEntries(
    Object.keys(DEBIAN_MIRRORS).flatMap((name) => (typeof config[name] === "string" ? [[name, config[name]]] : [])),
  );
}

function outputsOf(built: Built, arch: Arch, artifacts: ArtifactStore): ImageBuildOutputs {
  const { digest, planDigest, cmdline, lock, pcrs, pushed } = built;
  return {
    digest,
    planDigest,
    arch,
    cmdline,
    path: artifacts.path(digest),
    files: built.files.map(({ role, name, size, sha256, blocks }) => ({
      role,
      name,
      size,
      sha256,
      ...(blocks !== undefined && { blocks }),
    })),
    segments: built.segments.map(({ name, size, unpacked }) => ({ name, size, ...(unpacked !== undefined && { unpacked }) })),
    ...(pcrs && { pcrs }),
    ...(pushed !== undefined && { pushed }),
    lock,
  };
}

function summary({ files, segments, digest }: Built): string {
  const size = files.reduce((sum, file) => sum + file.size, 0);
  const made = segments.filter(({ cached }) => !cached).length;
  return `${(size / 1e6).toFixed(1)} MB in ${files.length} files, ${made} of ${segments.length} segments rebuilt, ${digest.slice(0, 19)}`;
}
