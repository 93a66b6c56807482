import type { Advisories } from "../advisory/advisory.ts";
import { installedFromLock } from "../advisory/locked.ts";
import type { Lock } from "../resolve/lock.ts";
import type { BuiltTrees } from "./built-trees.ts";
import { diffFacts } from "./diff.ts";
import { type Fact, type Facts, partFacts } from "./fact.ts";
import { addAdvisories } from "./facts/advisories.ts";
import { addCommandLine } from "./facts/machine.ts";
import { type Review, reviewOf } from "./review.ts";

/** An operating system that was built, as its build or the registry describes it. */
export interface ReviewedBuild {
  readonly lock: Lock;
  /** The kernel's command line. */
  readonly cmdline: string;
  /** The parts of the initrd: compressed bytes, and those in memory where known. */
  readonly segments: readonly { readonly name: string; readonly size: number; readonly unpacked?: number | undefined }[];
  /** MiB that booting takes. @default unknown: the root is no initramfs */
  readonly memoryMiB?: number | undefined;
  /** The blocks of each file that an upload sends, by the file's role or suffix, as `encodeBlockList` writes them. */
  readonly blocks: Readonly<Record<string, string>>;
  /** The file of its initrd, and its bytes as they were written. @default the format has none, or it is not on this computer */
  readonly initrd?: { readonly path: string; readonly size: number; readonly sha256: string } | undefined;
}

/**
 * What changes from one built operating system to another: versions of packages, digests of images, the command line, the bytes
 * of each segment, the memory to boot, and the blocks to upload. Neither is downloaded.
 *
 * @param trees the facts in which their files differ @default files are not compared
 * @param advisories the known faults of packages @default none are known
 */
export function reviewBuilds(before: ReviewedBuild, after: ReviewedBuild, advisories?: Advisories, trees?: BuiltTrees): Review {
  const old = new Map([...buildFacts(before, advisories), ...(trees?.before ?? [])]);
  const now = new Map([...buildFacts(after, advisories), ...(trees?.after ?? [])]);
  return reviewOf(diffFacts(old, now));
}

function buildFacts({ lock, cmdline, segments, memoryMiB, blocks }: ReviewedBuild, advisories: Advisories = new Map()): Facts {
  const kernel = partFacts(["kernel"]);
  addCommandLine(kernel, cmdline);
  const size = partFacts(["size"]);
  for (const { name, size: bytes, unpacked } of segments) {
    size.add("segment", name, ["segments", name], bytes);
    size.add("segment-unpacked", name, ["segments", name, "unpacked"], unpacked);
  }
  size.add("boot-memory", "", ["memoryMiB"], memoryMiB);
  for (const [name, list] of Object.entries(blocks)) size.add("blocks", name, ["blocks", name], list);
  const images = Object.entries({ ...lock.images, ...lock.layouts }).flatMap(([reference, digest]) => {
    const image = partFacts(["images", reference]);
    image.add("image-digest", "", ["digest"], digest);
    return image.list;
  });
  const found = [...kernel.list, ...size.list, ...images, ...packages(lock, advisories)];
  return new Map(found.map((fact) => [fact.path, fact]));
}

function packages(lock: Lock, advisories: Advisories): readonly Fact[] {
  const debs = Object.values(lock.debian).flatMap(({ packages: listed }) => listed);
  const versions = new Map<string, Set<string>>();
  for (const { name, version } of debs) versions.set(name, (versions.get(name) ?? new Set()).add(version));
  const facts = partFacts(["packages"]);
  for (const [name, all] of versions) {
    // two images may have a package in two versions
    for (const version of all) {
      const own = all.size === 1 ? name : `${name} ${version}`;
      facts.add("package", own, ["installed", own], version);
    }
  }
  addAdvisories(facts, [], installedFromLock(debs), advisories);
  return facts.list;
}
