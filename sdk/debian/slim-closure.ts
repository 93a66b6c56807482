import { posix } from "node:path";
import { LinuxKitError } from "../core/errors.ts";
import { dependenciesOf } from "./closure.ts";
import type { PackagedPath } from "./contents.ts";
import { findAnywhere, findLibrary, libraryPaths, likelyPackages, runpathFolders } from "./library.ts";
import { mergedPath } from "./merged-usr.ts";
import type { PackageRecord } from "./record.ts";
import type { Repository } from "./repository.ts";
import { isUnwanted, keeper, type SlimChoice } from "./slim.ts";
import type { SlimSources } from "./slim-sources.ts";
import { wholePackages } from "./whole-packages.ts";

/** The packages of a slim image: `whole` ones, without the paths that slim leaves out, and packages for their libraries only. */
export interface SlimClosure {
  readonly whole: readonly PackageRecord[];
  readonly libraries: ReadonlyMap<string, { readonly record: PackageRecord; readonly sonames: ReadonlySet<string> }>;
}

/** A program or library whose libraries have to be found. */
interface Loading {
  readonly record: PackageRecord;
  readonly file: PackagedPath;
}

/**
 * Finds the packages of a slim image: the whole ones (see {@link wholePackages}), without {@link isUnwanted} paths, and the
 * libraries that their programs load.
 *
 * The loader and the `DT_NEEDED` libraries of every program and library are searched in the packages found so far, then
 * among the dependencies of the package that needs them, level by level. Libraries that a program opens itself (`dlopen`)
 * are not found: a definition must name their packages.
 *
 * @throws NOT_FOUND for an unknown package, and for a library that no dependency has
 */
export async function slimClosure(
  names: readonly string[],
  { keep, leaveOut = [] }: SlimChoice,
  sources: SlimSources,
): Promise<SlimClosure> {
  const [isKept, isLeftOut] = [keeper(keep), keeper(leaveOut)];
  const isWanted = ({ type, path }: PackagedPath): boolean =>
    type !== "directory" && !isLeftOut(path) && (!isUnwanted(path) || isKept(path));
  const { whole, linked } = await wholePackages(names, isWanted, sources);
  const libraries = new Map<string, { record: PackageRecord; sonames: Set<string> }>();
  const chosen = new Map(whole);

  const queue: Loading[] = [];
  for (const record of whole.values()) {
    for (const file of (await sources.contents(record)).paths) if (isLoaded(file) && isWanted(file)) queue.push({ record, file });
  }
  await prefetch(queue, chosen, sources);

  const add = async (holder: PackageRecord, soname: string): Promise<void> => {
    // the libraries of a whole package are already in the queue
    if (whole.has(holder.name)) return;
    chosen.set(holder.name, holder);
    const library = libraries.get(holder.name) ?? { record: holder, sonames: new Set<string>() };
    libraries.set(holder.name, library);
    if (library.sonames.has(soname)) return;
    library.sonames.add(soname);
    const { paths: contents } = await sources.contents(holder);
    const paths = libraryPaths(contents, new Set([soname]), mergedPath);
    for (const file of contents) if (file.elf && paths.has(file.path)) queue.push({ record: holder, file });
  };
  for (const { record, soname } of linked) await add(record, soname);

  const sought = new Set<string>();
  const missing: (Loading & { readonly soname: string })[] = [];
  const provided = sources.provided ?? [];
  for (let loading = queue.shift(); loading; loading = queue.shift()) {
    for (const soname of needsOf(loading.file)) {
      // another program may not find a library of this program's run path, so such searches are separate
      const key = `${soname}\n${loading.file.elf?.runpath.length ? loading.file.path : ""}`;
      if (sought.has(key) || provided.includes(soname)) continue;
      sought.add(key);
      const holder = await holderOf(soname, loading, whole, libraries, chosen, sources);
      if (!holder) {
        missing.push({ ...loading, soname });
        continue;
      }
      const { record, path } = holder;
      await add(record, soname);
      // a name of update-alternatives may lead to a file with another one
      if (posix.basename(path) !== soname) await add(record, posix.basename(path));
    }
  }
  if (missing.length > 0) throw await noLibraries(missing, sources.repository);
  return { whole: [...whole.values()], libraries };
}

/** Whether a file is for the loader: a program, or a library by its name. Others are data, as the files of tests are. */
function isLoaded({ elf, executable, path }: PackagedPath): boolean {
  return elf !== undefined && (executable === true || /\.(?:so|node|cmxs)(?:\.|$)/.test(path));
}

function needsOf({ elf, opens = [] }: PackagedPath): string[] {
  return elf ? [...(elf.interpreter === undefined ? [] : [posix.basename(elf.interpreter)]), ...elf.needed, ...opens] : [];
}

/** The package that has a library, and its path: one found so far, otherwise the nearest dependency of the package that needs it. */
async function holderOf(
  soname: string,
  { record, file }: Loading,
  whole: ReadonlyMap<string, PackageRecord>,
  libraries: ReadonlyMap<string, { readonly record: PackageRecord }>,
  chosen: ReadonlyMap<string, PackageRecord>,
  { repository, contents }: SlimSources,
): Promise<{ readonly record: PackageRecord; readonly path: string } | undefined> {
  const folders = runpathFolders(file.path, file.elf?.runpath ?? [], mergedPath);
  const atHand = [record, ...whole.values(), ...[...libraries.values()].map((library) => library.record)];
  for (const candidate of atHand) {
    const path = findLibrary(await contents(candidate), soname, folders);
    if (path !== undefined) return { record: candidate, path };
  }
  const own = findAnywhere(await contents(record), soname);
  if (own !== undefined) return { record, path: own };

  const likely = likelyPackages(soname);
  const opened = new Set(atHand.map(({ name }) => name));
  const seen = new Set([record.name]);
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
    const candidates = [...found.values()].filter(({ name }) => !opened.has(name)).sort((a, b) => rank(a) - rank(b));
    for (const candidate of candidates) {
      const path = findLibrary(await contents(candidate), soname, folders);
      if (path !== undefined) return { record: candidate, path };
    }
    level = [...found.values()];
  }
  for (const candidate of whole.values()) {
    const path = findAnywhere(await contents(candidate), soname);
    if (path !== undefined) return { record: candidate, path };
  }
  return undefined;
}

async function noLibraries(
  missing: readonly (Loading & { readonly soname: string })[],
  repository: Repository,
): Promise<LinuxKitError<"NOT_FOUND">> {
  const known = new Set<string>();
  const unknown = new Set<string>();
  for (const { soname, file } of missing) {
    const names: string[] = [];
    for (const name of likelyPackages(soname)) if ((await repository.versions(name)).length > 0) names.push(name);
    if (names[0] === undefined) unknown.add(`/${file.path}`);
    else known.add(names[0]);
  }
  const listed = (texts: ReadonlySet<string>): string => [...texts].map((text) => JSON.stringify(text)).join(", ");
  const advice = [
    ...(unknown.size > 0
      ? [`leave what the program can do without out with leaveOut: [${listed(unknown)}], or add the package that has it`]
      : []),
    ...(known.size > 0 ? [`add ${listed(known)} to packages`] : []),
  ];
  const lines = missing.map(
    ({ record, file, soname }) => `${record.name} ${record.version}: ${file.path} needs ${soname}, which is in none of its dependencies`,
  );
  return new LinuxKitError("NOT_FOUND", `${lines.join("\n")}: ${advice.join(", and ")}`, { what: missing[0]?.soname ?? "" });
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
