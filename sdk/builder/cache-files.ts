import { join } from "node:path";
import { SegmentStore } from "../cache/segment-store.ts";
import { type Digest, hexOf } from "../core/digest.ts";
import { debDigest, type LockedDeb } from "../debian/locked.ts";
import { kernelKey, microcodeKey, type Plan, type PlanSource, type PlanStep, segmentKey } from "../plan/plan.ts";

/**
 * The files of the cache that a plan and the loaders of its formats need, relative to the cache folder. Pruning must not
 * remove them during the build.
 */
export function cacheFilesOf({ kernel, segments }: Pick<Plan, "kernel" | "segments">, loaders: readonly LockedDeb[] = []): Set<string> {
  const keys = [...segments.map(segmentKey), ...(kernel ? [kernelKey(kernel), microcodeKey(kernel)] : [])];
  const digests = [
    ...segments.flatMap(({ steps }) => steps.flatMap(stepDigests)),
    ...(kernel ? sourceDigests(kernel.source) : []),
    ...loaders.map(debDigest),
  ];
  return new Set([...keys.flatMap((key) => SegmentStore.files(key)), ...digests.map((digest) => join("blobs", "sha256", hexOf(digest)))]);
}

/** The Debian packages of a plan and of the loaders of its formats, without duplicates. */
export function packagesOf({ kernel, segments }: Pick<Plan, "kernel" | "segments">, loaders: readonly LockedDeb[] = []): LockedDeb[] {
  const sources = [
    ...segments.flatMap(({ steps }) => steps.flatMap((step) => ("source" in step ? [step.source] : []))),
    ...(kernel ? [kernel.source] : []),
  ];
  const debs = [...sources.flatMap((source) => ("debian" in source ? source.packages : [])), ...loaders];
  return [...new Map(debs.map((deb) => [deb.sha256, deb])).values()];
}

function stepDigests(step: PlanStep): Digest[] {
  if (step.kind === "entry") return step.blob ? [step.blob.digest] : [];
  return step.kind === "layout" ? step.blobs.map(({ digest }) => digest) : sourceDigests(step.source);
}

function sourceDigests(source: PlanSource): Digest[] {
  if ("debian" in source)
    return [
      ...source.packages.map(debDigest),
      ...source.debian.files.flatMap(({ sha256 }): Digest[] => (sha256 === undefined ? [] : [`sha256:${sha256}`])),
    ];
  return [source.oci.manifest, ...source.oci.layers.map(({ digest }) => digest)];
}
