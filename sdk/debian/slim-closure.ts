import { posix } from "node:path";
import { LinuxKitError } from "../core/errors.ts";
import { dependenciesOf } from "./closure.ts";
import type { PackagedPath } from "./contents.ts";
import { findLibrary, libraryPaths, likelyPackages, runpathFolders } from "./library.ts";
import { mergedPath } from "./merged-usr.ts";
import type { PackageRecord } from "./record.ts";
import type { Repository } from "./repository.ts";
import { isUnwanted, keeper } from "./slim.ts";

/** The packages of a slim image: some but for what slim leaves out, of others only the libraries of these sonames. */
export interface SlimClosure {
  readonly whole: readonly PackageRecord[];
  readonly libraries: ReadonlyMap<string, { readonly record: PackageRecord; readonly sonames: ReadonlySet<string> }>;
}

/** What the closure asks of the outside world. */
export interface SlimSources {
  readonly repository: Repository;
  /** What a package installs; fetches the package when it is not in the store. */
  readonly contents: (record: PackageRecord) => Promise<readonly PackagedPath[]>;
  /** Fetches several packages at once, so that {@link contents} finds them there. */
  readonly fetch: (records: readonly PackageRecord[]) => Promise<void>;
}

/** A program or library whose libraries are to be found. */
interface Loading {
  readonly record: PackageRecord;
  readonly file: PackagedPath;
}

/**
 * Finds what a slim image holds.
 *
 * Whole (but for what {@link isUnwanted}) come the named packages, and those that they depend on and that are built
 * from the same source package: a program's configuration often lies in such a package. A package without files of its
 * own stands for all that it depends on. Then every program's and library's `DT_NEEDED` and loader are sought in the
 * packages at hand, then among the dependencies of the package that needs them, and so on until all are found.
 * Libraries that a program opens by itself (`dlopen`) cannot be seen: who needs one names its package.
 *
 * @throws NOT_FOUND for an unknown package and for a library that no dependency holds
 */
export async function slimClosure(names: readonly string[], keep: readonly string[], sources: SlimSources): Promise<SlimClosure> {
  const isKept = keeper(keep);
  const isWanted = (entry: PackagedPath): boolean => entry.type !== "directory" && (!isUnwanted(entry.path) || isKept(entry.path));
  const whole = await wholePackages(names, isWanted, sources);
  const libraries = new Map<string, { record: PackageRecord; sonames: Set<string> }>();
  const chosen = new Map(whole);

  const queue: Loading[] = [];
  for (const record of whole.values()) {
    for (const file of await sources.contents(record)) if (file.elf && isWanted(file)) queue.push({ record, file });
  }
  await prefetch(queue, chosen, sources);

  const sought = new Set<string>();
  for (let loading = queue.shift(); loading; loading = queue.shift()) {
    for (const soname of needsOf(loading.file)) {
      // what one program finds by its run path, another may not: such searches stand on their own
      const key = `${soname}\n${loading.file.elf?.runpath.length ? loading.file.path : ""}`;
      if (sought.has(key)) continue;
      sought.add(key);
      const holder = await holderOf(soname, loading, whole, libraries, chosen, sources);
      // a whole package's own libraries are in the queue already
      if (whole.has(holder.name)) continue;
      chosen.set(holder.name, holder);
      const library = libraries.get(holder.name) ?? { record: holder, sonames: new Set<string>() };
      libraries.set(holder.name, library);
      if (library.sonames.has(soname)) continue;
      library.sonames.add(soname);
      const contents = await sources.contents(holder);
      const paths = libraryPaths(contents, new Set([soname]), mergedPath);
      for (const file of contents) if (file.elf && paths.has(file.path)) queue.push({ record: holder, file });
    }
  }
  return { whole: [...whole.values()], libraries };
}

function needsOf({ elf }: PackagedPath): string[] {
  return elf ? [...(elf.interpreter === undefined ? [] : [posix.basename(elf.interpreter)]), ...elf.needed] : [];
}

async function wholePackages(
  names: readonly string[],
  isWanted: (entry: PackagedPath) => boolean,
  sources: SlimSources,
): Promise<Map<string, PackageRecord>> {
  const whole = new Map<string, PackageRecord>();
  let level: PackageRecord[] = [];
  for (const name of names) level.push(await sources.repository.newest(name));
  while (level.length > 0) {
    for (const record of level) whole.set(record.name, record);
    await sources.fetch(level);
    const next: PackageRecord[] = [];
    for (const record of level) {
      const standsForOthers = !(await sources.contents(record)).some(isWanted);
      for (const needed of await dependenciesOf(record, sources.repository, whole)) {
        if (!whole.has(needed.name) && (standsForOthers || needed.source === record.source)) next.push(needed);
      }
    }
    level = next;
  }
  return whole;
}

/** The package that holds a library: one at hand, else a dependency of the package that needs it, nearest first. */
async function holderOf(
  soname: string,
  { record, file }: Loading,
  whole: ReadonlyMap<string, PackageRecord>,
  libraries: ReadonlyMap<string, { readonly record: PackageRecord }>,
  chosen: ReadonlyMap<string, PackageRecord>,
  { repository, contents }: SlimSources,
): Promise<PackageRecord> {
  const folders = runpathFolders(file.path, file.elf?.runpath ?? [], mergedPath);
  const holds = async (candidate: PackageRecord): Promise<boolean> => findLibrary(await contents(candidate), soname, folders) !== undefined;
  const atHand = [record, ...whole.values(), ...[...libraries.values()].map((library) => library.record)];
  for (const candidate of atHand) if (await holds(candidate)) return candidate;

  const likely = likelyPackages(soname);
  const seen = new Set(atHand.map(({ name }) => name));
  let level = [record];
  while (level.length > 0) {
    const found = new Map<string, PackageRecord>();
    for (const from of level) {
      for (const needed of await dependenciesOf(from, repository, chosen)) if (!seen.has(needed.name)) found.set(needed.name, needed);
    }
    for (const name of found.keys()) seen.add(name);
    // by name first, then other libraries, so that few packages are opened in vain
    const rank = ({ name }: PackageRecord): number =>
      likely.includes(name) ? likely.indexOf(name) : name.startsWith("lib") ? likely.length : likely.length + 1;
    const candidates = [...found.values()].sort((a, b) => rank(a) - rank(b));
    for (const candidate of candidates) if (await holds(candidate)) return candidate;
    level = [...found.values()];
  }
  throw new LinuxKitError(
    "NOT_FOUND",
    `${record.name} ${record.version}: ${file.path} needs ${soname}, which no package holds that it depends on; name the package that does`,
    { what: soname },
  );
}

// the libraries' packages are guessed by name and fetched together: the search then finds most of them in the store
async function prefetch(
  queue: readonly Loading[],
  chosen: ReadonlyMap<string, PackageRecord>,
  { repository, fetch }: SlimSources,
): Promise<void> {
  const guessed = new Map<string, PackageRecord>();
  for (const record of new Set(queue.map((loading) => loading.record))) {
    const names = new Set(
      queue.filter((loading) => loading.record === record).flatMap(({ file }) => needsOf(file).flatMap(likelyPackages)),
    );
    for (const needed of await dependenciesOf(record, repository, chosen)) if (names.has(needed.name)) guessed.set(needed.name, needed);
  }
  await fetch([...guessed.values()]);
}
