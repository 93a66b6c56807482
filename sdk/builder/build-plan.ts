import { basename, dirname } from "node:path";
import { type Hold, holdFiles } from "../cache/hold.ts";
import { pruneCache } from "../cache/prune.ts";
import { type CachedSegment, SegmentStore } from "../cache/segment-store.ts";
import { isLinuxKitError, LinuxKitError, throwIfCancelled } from "../core/errors.ts";
import { present } from "../core/present.ts";
import { removeDeadParts, type StagedFile } from "../core/write-file.ts";
import type { Pcrs } from "../disk/pcrs.ts";
import { chooseFormats, DEFAULT_FORMAT, loaderFiles } from "../format/formats.ts";
import type { LoaderFile } from "../format/loaders.ts";
import type { Content, FormatWriter, Parts } from "../format/parts.ts";
import { diskIdentity, type Plan } from "../plan/plan.ts";
import { type Artifact, type ArtifactFile, artifactDigest } from "./artifact.ts";
import { bootMemory, packedRootMemory } from "./boot-memory.ts";
import type { BuildPlanOptions } from "./build-plan-options.ts";
import { cacheFilesOf } from "./cache-files.ts";
import { checkPackedRoot, makeFirstStages } from "./first-stages.ts";
import { endToEnd, joinSegments, microcodeArchive } from "./join.ts";
import { readLoaders } from "./loaders.ts";
import { artifactPcrs } from "./artifact-pcrs.ts";
import { type Prepared, prepare } from "./prepare.ts";
import type { BuildContext } from "./segment.ts";
import { keepPackages } from "./shared-packages.ts";
import { sharedFiles } from "./shared-file.ts";
import { stageArtifact } from "./stage.ts";
import { WholeTree } from "./whole-tree.ts";

/** How often a build repairs damaged segments before it fails: by then the disk is probably faulty. */
const MAX_REPAIRS = 3;

/**
 * Builds a plan: the same plan gives the same bytes. The files are renamed into place once all of them are written. A
 * failure or an aborted signal leaves no file behind.
 *
 * @throws DISK_FULL, UNWRITABLE, CANCELLED, INVALID_DEFINITION, and the errors of the sources
 */
export async function buildPlan(plan: Plan, options: BuildPlanOptions): Promise<Artifact> {
  const { outputDir, cacheDir, signal, onProgress, store, sources } = options;
  const formats = chooseFormats([options.format ?? DEFAULT_FORMAT].flat(), plan.arch);
  if (options.name === "" || /[/\0]/.test(options.name)) {
    throw new LinuxKitError(
      "INVALID_DEFINITION",
      `name: got ${JSON.stringify(options.name)}, wanted a file name prefix, without "/" and NUL`,
      {
        path: "name",
      },
    );
  }
  checkPackedRoot(plan, formats);
  throwIfCancelled(signal, "the build");
  await removeDeadParts(outputDir);
  const context: BuildContext = {
    sources,
    store,
    segments: new SegmentStore(cacheDir),
    shared: options.shared,
    trusts: options.trusts,
    onProgress,
    signal,
  };
  const hold: Hold = await holdFiles(cacheDir, cacheFilesOf(plan, options.loaders), { signal, what: "the cache" });
  let artifact: Artifact;
  try {
    artifact = await buildRepairing(plan, formats, options, context);
    if (options.shared) {
      keepPackages(plan, options.loaders, store, options.shared);
      await options.shared.settle();
    }
  } finally {
    await hold.release();
  }
  // the files are written, so a cache that cannot be pruned must not fail the build
  await pruneCache(cacheDir, options.cacheLimit, { signal }).catch((error: unknown) => {
    onProgress?.({ stage: "prune", message: `the cache was not pruned: ${(error as Error).message}`, lasting: true });
  });
  return artifact;
}

// A segment's bytes are verified while they are copied, so an unchanged build reads them only once. If a segment is
// damaged, it is made again and the build restarts.
async function buildRepairing(
  plan: Plan,
  formats: readonly FormatWriter[],
  options: BuildPlanOptions,
  context: BuildContext,
): Promise<Artifact> {
  const repaired = new Set<string>();
  for (let repairs = 0; ; repairs++) {
    try {
      return await buildOnce(plan, formats, options, context, repaired);
    } catch (error) {
      const key = brokenSegment(error, context.segments);
      if (key === undefined || repairs === MAX_REPAIRS) throw error;
      options.onProgress?.({
        stage: "segment",
        message: `rebuilding a damaged segment of the cache (${(error as Error).message})`,
        lasting: true,
      });
      await context.segments.drop(key);
      repaired.add(key);
    }
  }
}

async function buildOnce(
  plan: Plan,
  formats: readonly FormatWriter[],
  options: BuildPlanOptions,
  context: BuildContext,
  repaired: ReadonlySet<string>,
): Promise<Artifact> {
  const withInitrd = formats.some(({ needs }) => needs === "initrd");
  const prepared = await prepare(withInitrd ? plan : { ...plan, segments: [] }, context);
  const loaders = await readLoaders(loaderFiles(formats, plan.arch), options.loaders ?? [], context);
  const stages = await makeFirstStages(plan, formats, context);
  const segments = await joinSegments(prepared.segments, context.segments);
  const archives = [...(prepared.microcode ? [microcodeArchive(contentOf(prepared.microcode, context.segments))] : []), ...segments];
  const common = {
    identity: diskIdentity(plan),
    arch: plan.arch,
    cmdline: plan.cmdline,
    ...kernelContent(prepared, context.segments),
    loader: (file: LoaderFile) => present(loaders.get(file)),
    ...(options.diskMiB !== undefined && { diskMiB: options.diskMiB }),
    ...(options.signer && { signer: options.signer }),
    ...(options.signal && { signal: options.signal }),
    aside: context.segments.path("image"),
  };
  let memoryMiB = withInitrd ? await bootMemory(archives, options.onProgress) : undefined;
  const initrd = { segments: endToEnd(segments), initrd: endToEnd(archives), archives };
  const held: StagedFile[] = [];
  const files: ArtifactFile[] = [];
  const toShare: (() => void)[] = [];
  let pcrs: Pcrs | undefined;
  await using tree = new WholeTree(plan, context);
  try {
    for (const format of formats) {
      const stage1 = format.stage1 && stages.get(format.stage1);
      const packed = format.stage1 === "packed-root" ? stage1 : undefined;
      const { fetched, share } = await sharedFiles(format, plan, loaders, options, context, packed?.digest);
      held.push(...[...fetched.values()].map(({ staged }) => staged));
      const wantsTree = format.needs === "tree" && format.suffixes.some((suffix) => !fetched.has(suffix));
      const parts: Parts = {
        ...common,
        ...(stage1 && { stage1: contentOf(stage1, context.segments) }),
        // what is written to a packed root is a copy in the layer above it
        ...(format.needs === "tree" ? { tree: wantsTree ? await tree.entries(packed ? "all" : "own") : () => [] } : initrd),
      };
      for (const wanted of format.files(parts)) {
        const { role, suffix } = wanted;
        // several formats write the same kernel and command line
        if (files.some(({ name }) => name === options.name + suffix)) continue;
        const { staged, file } = fetched.get(suffix) ?? (await stageArtifact(wanted, options));
        if (!held.includes(staged)) held.push(staged);
        files.push({ ...file, role });
        if (format.suffixes.includes(suffix)) toShare.push(() => share(suffix, file));
        if (packed && format.suffixes.includes(suffix)) {
          const needed = packedRootMemory({ size: packed.size, unpacked: packed.paths.unpacked ?? 0 }, file.size, options.onProgress);
          // of both forms of a root in memory, the unpacked one wants more
          memoryMiB ??= needed;
        }
      }
    }
    pcrs = await artifactPcrs(formats, plan.arch, { ...common, ...initrd }, options.onProgress);
    throwIfCancelled(options.signal, "the build");
    for (const staged of held) await staged.commit();
  } catch (error) {
    await Promise.all(held.map((staged) => staged.discard()));
    throw error;
  }
  for (const share of toShare) share();
  const made = prepared.segments.map(({ name, size, key, cached, paths: { unpacked } }) => ({
    name,
    size,
    ...(unpacked !== undefined && { unpacked }),
    cached: cached && !repaired.has(key),
  }));
  return { files, digest: artifactDigest(files), segments: made, ...(pcrs && { pcrs }), ...(memoryMiB !== undefined && { memoryMiB }) };
}

function kernelContent({ kernel, microcode }: Prepared, store: SegmentStore): { kernel?: Content; microcode?: Content } {
  return { ...(kernel && { kernel: contentOf(kernel, store) }), ...(microcode && { microcode: contentOf(microcode, store) }) };
}

function contentOf(segment: CachedSegment, store: SegmentStore): Content {
  return { size: segment.size, open: (memory) => store.open(segment, memory) };
}

/** The key of the cached segment that an error is about: its bytes are wrong, or it disappeared during the build. */
function brokenSegment(error: unknown, segments: SegmentStore): CachedSegment["key"] | undefined {
  const wrong = isLinuxKitError(error, "DIGEST_MISMATCH") || isLinuxKitError(error, "SIZE_MISMATCH") ? error.detail.path : undefined;
  const path = isLinuxKitError(error, "NOT_FOUND") ? error.detail.what : wrong;
  return path !== undefined && dirname(path) === dirname(segments.path("x")) ? basename(path) : undefined;
}
