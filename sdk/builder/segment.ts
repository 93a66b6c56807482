import { createReadStream } from "node:fs";
import { type Entry, fileEntry, NO_BODY } from "../archive/entry.ts";
import { padding } from "../archive/cpio-header.ts";
import { memberPath } from "../archive/path.ts";
import { readTar } from "../archive/read-tar.ts";
import { writeCpio } from "../archive/write-cpio.ts";
import type { BlobStore } from "../cache/blob-store.ts";
import { storedContent } from "../cache/stored-content.ts";
import type { CachedSegment, SegmentStore } from "../cache/segment-store.ts";
import { type Bytes, verify } from "../core/bytes.ts";
import { inContext, LinuxKitError, throwIfCancelled } from "../core/errors.ts";
import type { OnProgress } from "../core/progress.ts";
import { guestProgramPath } from "../guest/program.ts";
import { mergedPath } from "../debian/merged-usr.ts";
import type { RegistryCache } from "../share/registry-cache.ts";
import type { Trusts } from "../share/trust.ts";
import { type ArchiveStep, type EntryStep, type PlanBlob, type PlanSegment, type PlanStep, segmentKey } from "../plan/plan.ts";
import { ApkDatabase } from "./apk-database.ts";
import { compress } from "./compress.ts";
import { imageTree } from "./image-tree.ts";
import { layoutEntries } from "./layout-entries.ts";
import { shiftIds } from "./shift-ids.ts";
import type { PlanSources } from "./sources.ts";
import { Spool } from "./spool.ts";
import { Tree } from "./tree.ts";

/** What building the segments of a plan needs. */
export interface BuildContext {
  readonly sources: PlanSources;
  /** Holds the large bodies of `entry` steps. */
  readonly store: BlobStore;
  readonly segments: SegmentStore;
  /** A cache in a registry, shared between computers. @default no shared cache */
  readonly shared?: RegistryCache | undefined;
  /** Whether a segment that another computer made may be used. @default every one */
  readonly trusts?: Trusts | undefined;
  readonly onProgress?: OnProgress | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Files for boot loaders. An initrd leaves them out, because the kernel must not be in its own initrd. */
const BOOT = /^boot\//;

/** The list of modules that the guest loads, one a line. */
const MODULES_LIST = "etc/modules.list";

/**
 * Makes a segment and stores it in the cache: steps → tree → cpio → zstd or gzip → zeros up to a multiple of four.
 * Only the paths and the compressor are in memory; bodies go through a temporary file in the cache.
 */
export async function makeSegment(segment: PlanSegment, context: BuildContext): Promise<CachedSegment> {
  const { segments, signal, onProgress } = context;
  const key = segmentKey(segment);
  await using spool = await Spool.open(segments.path(key));
  const tree = await growTree(segment.steps, spool, context, { leaveOut: BOOT, shared: "left out" });
  const archive = counted(writeCpio(tree.entries({ implied: "left out", memory: "reused" })), (done) => {
    onProgress?.({ stage: "segment", message: `compress ${segment.name}`, done, total: Math.max(done, tree.size) });
  });
  // awaited here: the spool is closed when this returns
  return await segments.put(key, padded(compress(archive, segment.compression, signal)), () => tree.paths(), signal);
}

/**
 * Applies steps to one tree; later steps replace paths of earlier ones.
 *
 * @param leaveOut paths to leave out, relative to the root of the OS
 * @param shared whether the files of an image that the guest links are in the tree
 */
export async function growTree(
  steps: readonly PlanStep[],
  spool: Spool,
  context: BuildContext,
  { leaveOut, shared = "written" }: { readonly leaveOut?: RegExp; readonly shared?: "written" | "left out" } = {},
): Promise<Tree> {
  const tree = new Tree(spool);
  const lastInit = steps.findLastIndex((step) => step.kind === "unpack" && step.place === "init");
  const installed = new ApkDatabase();
  for (const [at, step] of steps.entries()) {
    throwIfCancelled(context.signal, "the build");
    if (step.kind === "unpack") context.onProgress?.({ stage: "segment", message: `unpack ${step.location}` });
    const prefix = step.kind === "unpack" || step.kind === "layout" ? step.prefix : "";
    if (shared === "left out" && step.kind === "entry" && step.shared) continue;
    const all = stepEntries(step, context);
    const entries = shared === "left out" && step.kind === "unpack" && step.shared ? withoutFiles(all, step.shared) : all;
    const own = step.kind === "unpack" && step.place === "init" ? installed.without(entries) : entries;
    const owner = step.kind === "unpack" ? step.idBase : undefined;
    const options = { signal: context.signal, owner, sealed: isSealed(step) };
    await tree.add(leaveOut && prefix === "" ? without(own, leaveOut) : own, prefix, options);
    if (at === lastInit) await tree.add(installed.entries(), "", { signal: context.signal });
  }
  return tree;
}

/**
 * Whether nothing in the guest writes to what a step places, so that equal files of such steps may be one file: the images
 * of containers and volumes, which take writes in a layer above, and the guest's programs. The machine's own root is
 * writable until the guest seals it, and by an init that is not the guest's own for ever; containers see it through binds.
 */
function isSealed(step: PlanStep): boolean {
  if (step.kind === "unpack") return step.place !== "init";
  return step.kind === "layout" || (step.kind === "entry" && step.program !== undefined);
}

async function* without(entries: AsyncIterable<Entry>, paths: RegExp): AsyncGenerator<Entry> {
  for await (const entry of entries) if (!paths.test(entry.path)) yield entry;
}

async function* withoutFiles(entries: AsyncIterable<Entry>, files: readonly string[]): AsyncGenerator<Entry> {
  for await (const entry of entries) if (entry.type !== "file" || !files.includes(entry.path)) yield entry;
}

async function* named(entries: AsyncIterable<Entry>, location: string): AsyncGenerator<Entry> {
  try {
    yield* entries;
  } catch (error) {
    throw inContext(error, location);
  }
}

async function* stepEntries(step: PlanStep, { sources, store, signal }: BuildContext): AsyncGenerator<Entry> {
  switch (step.kind) {
    case "unpack": {
      const entries = imageTree(named(sources.openSource(step.source, signal), step.location), step.place);
      yield* step.idBase ? shiftIds(entries, step.idBase, step.location) : entries;
      break;
    }
    case "archive":
      yield* archiveEntries(step, sources, signal);
      break;
    case "layout":
      yield* layoutEntries(step, sources, signal);
      break;
    case "modules": {
      const { files, order } = await sources.openModules(step.source, step.names, {
        ...(step.purpose && { purpose: step.purpose }),
        ...(step.without && { without: step.without }),
        signal,
      });
      yield* files;
      yield fileEntry(MODULES_LIST, order.map((line) => `${line}\n`).join(""));
      break;
    }
    case "entry":
      yield stepEntry(step, store);
  }
}

async function* archiveEntries(
  { source, member, mergedUsr, location }: ArchiveStep,
  sources: PlanSources,
  signal: AbortSignal | undefined,
): AsyncGenerator<Entry> {
  const archive = await sources.openFile(source, member, signal).catch((error: unknown) => {
    throw inContext(error, location);
  });
  if (!archive)
    throw new LinuxKitError("NOT_FOUND", `${location}: the image has no file ${member}; write "none" to leave it out`, { what: member });
  for await (const entry of readTar(archive, `${location}: ${member}`)) {
    yield mergedUsr
      ? { ...entry, path: mergedPath(entry.path), ...(entry.type === "hardlink" && { link: mergedPath(entry.link ?? "") }) }
      : entry;
  }
}

function stepEntry(step: EntryStep, store: BlobStore): Entry {
  const { type, mode, uid, gid } = step;
  const header = { path: memberPath(step.path), type, mode, uid, gid, size: 0, mtime: 0, body: NO_BODY };
  if (type === "directory") return header;
  if (type === "symlink") return { ...header, link: step.link ?? "" };
  if (step.blob) return { ...header, size: step.blob.size, body: storedContent(store, step.blob.digest, step.path) };
  if (step.program) return { ...header, size: step.program.size, body: programBody(step.program) };
  if (step.contents === undefined) {
    throw new LinuxKitError("INVALID_DEFINITION", `${step.path}: a file without content`, { path: step.path });
  }
  const content = Buffer.from(step.contents);
  return { ...header, size: content.length, body: [content] };
}

function programBody(program: PlanBlob): AsyncGenerator<Uint8Array> {
  const path = guestProgramPath(program.digest);
  return verify(createReadStream(path) as AsyncIterable<Uint8Array>, program, path);
}

async function* padded(source: Bytes): AsyncGenerator<Uint8Array> {
  let size = 0;
  for await (const chunk of source) {
    size += chunk.length;
    yield chunk;
  }
  yield new Uint8Array(padding(size));
}

async function* counted(source: Bytes, onCount: (bytes: number) => void): AsyncGenerator<Uint8Array> {
  let done = 0;
  let reported = 0;
  for await (const chunk of source) {
    done += chunk.length;
    yield chunk;
    if (done - reported < 1 << 20) continue;
    reported = done;
    onCount(done);
  }
}
