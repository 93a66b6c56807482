import type { Advisories } from "../advisory/advisory.ts";
import { withChangedTexts } from "../builder/changed-texts.ts";
import { BlobStore } from "../cache/blob-store.ts";
import { defaultCacheDir } from "../cache/location.ts";
import { openSession } from "../cache/session.ts";
import type { Arch } from "../core/arch.ts";
import { type ReviewedBuild, reviewBuilds } from "../review/built.ts";
import { builtTrees } from "../review/built-trees.ts";
import { factsOf, type Reviewed } from "../review/facts-of.ts";
import { heldByLock } from "../review/held/lock.ts";
import type { Pictured } from "../review/page/page.ts";
import { review } from "../review/review.ts";
import { type Terminal, UsageError } from "./command.ts";
import { heldBuild, initrdOf } from "./held-build.ts";
import type { Compared } from "./rendered.ts";
import { publishedBuild } from "./reviewed-build.ts";
import { showProgress } from "./terminal.ts";

/** How systems are compared. */
export interface CompareOptions {
  readonly arch: Arch;
  readonly advisories?: Advisories | undefined;
  /** Whether a page shows what each holds, which takes reading it. */
  readonly isPictured: boolean;
}

/** Compares two definitions. @param isPictured as in {@link CompareOptions} @param onMissingLock is called if only one of them has a lock, with the other side */
export async function compareDefinitions(
  before: Reviewed,
  after: Reviewed,
  { arch, isPictured }: Pick<CompareOptions, "arch" | "isPictured">,
  onMissingLock: (side: "a" | "b") => void,
): Promise<Compared> {
  if (!before.lock !== !after.lock) onMissingLock(before.lock ? "b" : "a");
  const [was, is] = await withChangedTexts(before.definition, after.definition, new BlobStore(defaultCacheDir()));
  const [old, now] = [
    { ...before, definition: was },
    { ...after, definition: is },
  ];
  return compared(old, now, arch, isPictured);
}

/** The review of two definitions, and what a page shows of each. */
export function compared(before: Reviewed, after: Reviewed, arch: Arch, isPictured: boolean): Compared {
  const found = { review: review(before, after, arch) };
  return isPictured ? { ...found, before: pictured(before), now: pictured(after) } : found;
}

/** What a page shows of a definition. */
export function pictured(reviewed: Reviewed): Pictured {
  const { definition, lock } = reviewed;
  return { facts: factsOf(reviewed), held: lock && heldByLock(definition, lock) };
}

/** Compares two builds. */
export async function compareBuilds(
  before: ReviewedBuild,
  after: ReviewedBuild,
  { advisories, isPictured }: CompareOptions,
  terminal: Terminal,
): Promise<Compared> {
  const [old, now] = [await initrdOf(before, terminal), await initrdOf(after, terminal)];
  // files of one and segments of the other could not be compared
  const initrds = old !== undefined && now !== undefined ? { old, now } : undefined;
  const trees = initrds && (await builtTrees(initrds.old, initrds.now));
  const found = { review: reviewBuilds(before, after, advisories, trees) };
  if (!isPictured) return found;
  return { ...found, before: { held: await heldBuild(before, initrds?.old) }, now: { held: await heldBuild(after, initrds?.now) } };
}

/** Compares two container images, or two operating systems that were published. @throws UsageError for one of each */
export async function compareReferences(a: string, b: string, options: CompareOptions, terminal: Terminal): Promise<Compared> {
  const find = async (text: string): Promise<ReviewedBuild | undefined> =>
    /^(?:oci|docker-archive):/.test(text) ? undefined : publishedBuild(text, options.arch, terminal.signal);
  const [before, after] = [await find(a), await find(b)];
  if (before && after) return compareBuilds(before, after, options, terminal);
  if (before || after)
    throw new UsageError(`got the operating system ${before ? a : b} and the container image ${before ? b : a}, wanted two of one kind`);
  const { compareImages } = await import("../review/images.ts");
  const cacheDir = defaultCacheDir();
  using _session = openSession(cacheDir);
  const { arch, advisories } = options;
  const { signal } = terminal;
  const { review: found, held } = await compareImages(a, b, {
    arch,
    advisories,
    cacheDir,
    store: new BlobStore(cacheDir),
    onProgress: showProgress(terminal),
    signal,
  });
  return { review: found, before: { held: held.before }, now: { held: held.after } };
}
