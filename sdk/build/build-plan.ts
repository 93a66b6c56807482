import { basename, dirname, join } from "node:path";
import type { Entry } from "../archive/entry.ts";
import type { BlobStore } from "../cache/blob-store.ts";
import { type Hold, holdFiles } from "../cache/hold.ts";
import { pruneCache } from "../cache/prune.ts";
import { type CachedSegment, SegmentStore } from "../cache/segment-store.ts";
import { gather, measure } from "../core/bytes.ts";
import { digestOf, hexOf } from "../core/digest.ts";
import { isLinuxKitError, LinuxKitError, throwIfCancelled } from "../core/errors.ts";
import type { OnProgress } from "../core/progress.ts";
import { removeDeadParts, type StagedFile, stageFile } from "../core/write-file.ts";
import { DEFAULT_FORMAT, type FormatName, formatWriter } from "../format/formats.ts";
import type { Content, FormatWriter, Parts } from "../format/parts.ts";
import type { Plan } from "../plan/plan.ts";
import { type Artifact, type ArtifactFile, artifactDigest } from "./artifact.ts";
import { heldByPlan } from "./held.ts";
import { afterMicrocode, joinSegments } from "./join.ts";
import { type Prepared, prepare } from "./prepare.ts";
import { growTree, type Workshop } from "./segment.ts";
import type { Sources } from "./sources.ts";
import { Spool } from "./spool.ts";

export interface BuildPlanOptions {
  /** One format, or several to be written by one build. @default "kernel+initrd" */
  readonly format?: FormatName | readonly FormatName[] | undefined;
  /** What the files' names begin with. */
  readonly name: string;
  /** Where they go; made when it is not there. */
  readonly outputDir: string;
  /** Holds packages, layers and large files. */
  readonly store: BlobStore;
  /** Holds segments, and locks. See `defaultCacheDir`. */
  readonly cacheDir: string;
  /** Opens what the plan names. */
  readonly sources: Sources;
  /** Bytes that the cache may hold once the build is done. @default DEFAULT_CACHE_LIMIT */
  readonly cacheLimit?: number | undefined;
  readonly onProgress?: OnProgress | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** How often a segment whose cached bytes are wrong is made again before the disk is blamed. */
const MAX_REPAIRS = 3;

/**
 * Builds a plan: the same plan gives the same bytes. All files get their names once all of them are written; a
 * failure, or an aborted signal, leaves nothing of them behind.
 *
 * @throws DISK_FULL, UNWRITABLE, CANCELLED, INVALID_DEFINITION, and what the sources throw
 */
export async function buildPlan(plan: Plan, options: BuildPlanOptions): Promise<Artifact> {
  const { outputDir, cacheDir, signal, onProgress, store, sources } = options;
  const formats = [options.format ?? DEFAULT_FORMAT].flat().map(formatWriter);
  if (options.name === "" || /[/\0]/.test(options.name)) {
    throw new LinuxKitError("INVALID_DEFINITION", `name: got ${JSON.stringify(options.name)}, wanted what a file name may begin with`, { path: "name" });
  }
  throwIfCancelled(signal, "the build");
  await removeDeadParts(outputDir);
  const workshop: Workshop = { sources, store, segments: new SegmentStore(cacheDir), onProgress, signal };
  const hold: Hold = await holdFiles(cacheDir, heldByPlan(plan), { signal, what: "the cache" });
  let artifact: Artifact;
  try {
    artifact = await buildRepairing(plan, formats, options, workshop);
  } finally {
    await hold.release();
  }
  // the files are written: a cache that cannot be pruned is no reason to fail
  await pruneCache(cacheDir, options.cacheLimit, { signal }).catch((error: unknown) => {
    onProgress?.({ stage: "prune", message: `the cache was not pruned: ${(error as Error).message}`, lasting: true });
  });
  return artifact;
}

// A segment's bytes are checked while they are copied, so that an unchanged build reads them once. What turns out to
// be wrong is made again, and the copy begun anew.
async function buildRepairing(plan: Plan, formats: readonly FormatWriter[], options: BuildPlanOptions, workshop: Workshop): Promise<Artifact> {
  const repaired = new Set<string>();
  for (let repairs = 0; ; repairs++) {
    try {
      return await buildOnce(plan, formats, options, workshop, repaired);
    } catch (error) {
      const key = brokenSegment(error, workshop.segments);
      if (key === undefined || repairs === MAX_REPAIRS) throw error;
      options.onProgress?.({ stage: "segment", message: `a cached segment was damaged and is made again (${(error as Error).message})`, lasting: true });
      await workshop.segments.drop(key);
      repaired.add(key);
    }
  }
}

async function buildOnce(plan: Plan, formats: readonly FormatWriter[], options: BuildPlanOptions, workshop: Workshop, repaired: ReadonlySet<string>): Promise<Artifact> {
  const withInitrd = formats.some(({ needs }) => needs === "initrd");
  const prepared = await prepare(withInitrd ? plan : { ...plan, segments: [] }, workshop);
  const segments = await joinSegments(prepared.segments, workshop.segments);
  const initrd = prepared.microcode ? afterMicrocode(contentOf(prepared.microcode, workshop.segments), segments) : segments;
  const staged: StagedFile[] = [];
  const files: ArtifactFile[] = [];
  try {
    for (const format of formats) {
      await using grown = format.needs === "tree" ? await grow(plan, workshop) : undefined;
      const parts: Parts = { cmdline: plan.cmdline, ...kernelContent(prepared, workshop.segments), ...(grown ? { tree: grown.entries } : { segments, initrd }) };
      for (const { role, suffix, size, open } of format.files(parts)) {
        const path = join(options.outputDir, options.name + suffix);
        const seen = { size: 0, digest: digestOf("") };
        let done = 0;
        const onWritten = (bytes: number) => {
          done += bytes;
          options.onProgress?.({ stage: "write", message: `write ${basename(path)}`, done, ...(size === undefined ? {} : { total: size }) });
        };
        staged.push(await stageFile(path, measure(gather(open("reused")), seen), { signal: options.signal, onWritten }));
        files.push({ role, name: basename(path), path, size: seen.size, sha256: hexOf(seen.digest) });
      }
    }
    throwIfCancelled(options.signal, "the build");
    for (const file of staged) await file.commit();
  } catch (error) {
    await Promise.all(staged.map((file) => file.discard()));
    throw error;
  }
  const made = prepared.segments.map(({ name, size, key, cached }) => ({ name, size, cached: cached && !repaired.has(key) }));
  return { files, digest: artifactDigest(files), segments: made };
}

function kernelContent({ kernel, microcode }: Prepared, store: SegmentStore): { kernel?: Content; microcode?: Content } {
  return { ...(kernel && { kernel: contentOf(kernel, store) }), ...(microcode && { microcode: contentOf(microcode, store) }) };
}

function contentOf(segment: CachedSegment, store: SegmentStore): Content {
  return { size: segment.size, open: (memory) => store.open(segment, memory) };
}

/** The whole root filesystem as one tree, for formats that hold paths. */
async function grow(plan: Plan, workshop: Workshop): Promise<AsyncDisposable & { entries(): Iterable<Entry> }> {
  const spool = await Spool.open(workshop.segments.path("tree"));
  try {
    const tree = await growTree(plan.segments.flatMap(({ steps }) => steps), spool, workshop);
    return { entries: () => tree.entries({ implied: "written", links: "own" }), [Symbol.asyncDispose]: () => spool[Symbol.asyncDispose]() };
  } catch (error) {
    await spool[Symbol.asyncDispose]();
    throw error;
  }
}

/** The key of the cached file that an error complains about: its bytes were wrong, or it went while it was needed. */
function brokenSegment(error: unknown, segments: SegmentStore): CachedSegment["key"] | undefined {
  const wrong = isLinuxKitError(error, "DIGEST_MISMATCH") || isLinuxKitError(error, "SIZE_MISMATCH") ? error.detail.path : undefined;
  const path = isLinuxKitError(error, "NOT_FOUND") ? error.detail.what : wrong;
  return path !== undefined && dirname(path) === dirname(segments.path("x")) ? basename(path) : undefined;
}
