import { posix } from "node:path";
import { LinuxKitError } from "../core/errors.ts";
import { dependenciesOf } from "./closure.ts";
import type { PackagedPath } from "./contents.ts";
import { findLibrary, libraryPaths, likelyPackages, runpathFolders } from "./library.ts";
import { mergedPath } from "./merged-usr.ts";
import type { PackageRecord } from "./record.ts";
import type { Repository } from "./repository.ts";
import { isUnwanted, keeper } from "./slim.ts";

/** The packages of a slim image: `whole` ones, without the paths that slim leaves out, and packages for their libraries only. */
export interface SlimClosure {
  readonly whole: readonly PackageRecord[];
  readonly libraries: ReadonlyMap<string, { readonly record: PackageRecord; readonly sonames: ReadonlySet<string> }>;
}

/** Reads packages for the closure. */
export interface SlimSources {
  readonly repository: Repository;
  /** The paths that a package installs; fetches the package if it is not in the store. */
  readonly contents: (record: PackageRecord) => Promise<readonly PackagedPath[]>;
  /** Fetches several packages at once, so that {@link contents} finds them in the store. */
  readonly fetch: (records: readonly PackageRecord[]) => Promise<void>;
  /** Libraries that the image gets from elsewhere, by soname. @default none */
  readonly provided?: readonly string[];
}

/** A program or library whose libraries have to be found. */
interface Loading {
  readonly record: PackageRecord;
  readonly file: PackagedPath;
}

/**
 * Finds the packages of a slim image.
 *
 * The named packages are whole (without {@link isUnwanted} paths), and so are dependencies from the same source package,
 * which often contain a program's configuration. A package without files is replaced by its dependencies. Then the loader
 * and the `DT_NEEDED` libraries of every program and library are searched in the packages found so far, then among the
 * dependencies of the package that needs them, level by level. Libraries that a program opens itself (`dlopen`) are not
 * found: a definition must name their packages.
 *
 * @throws NOT_FOUND for an unknown package, and for a library that no dependency has
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
  const provided = sources.provided ?? [];
  for (let loading = queue.shift(); loading; loading = queue.shift()) {
    for (const soname of needsOf(loading.file)) {
      // another program may not find a library of this program's run path, so such searches are separate
      const key = `${soname}\n${loading.file.elf?.runpath.length ? loading.file.path : ""}`;
      if (sought.has(key) || provided.includes(soname)) continue;
      sought.add(key);
      const holder = await holderOf(soname, loading, whole, libraries, chosen, sources);
      // the libraries of a whole package are already in the queue
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

/** The package that has a library: one found so far, otherwise the nearest dependency of the package that needs it. */
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
    // likely names first, then other libraries, so that few packages are opened for nothing
    const rank = ({ name }: PackageRecord): number =>
      likely.includes(name) ? likely.indexOf(name) : name.startsWith("lib") ? likely.length : likely.length + 1;
    const candidates = [...found.values()].sort((a, b) => rank(a) - rank(b));
    for (const candidate of candidates) if (await holds(candidate)) return candidate;
    level = [...found.values()];
  }
  throw new LinuxKitError(
    "NOT_FOUND",
    `${record.name} ${record.version}: ${file.path} needs ${soname}, which is in none of its dependencies: add the package that has it`,
    { what: soname },
  );
}

// guesses the packages of libraries by name and fetches them together, so that the search finds most of them in the store
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
