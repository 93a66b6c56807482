import { posix } from "node:path";
import type { DebContents, PackagedPath } from "./contents.ts";
import { mergedPath } from "./merged-usr.ts";

/** Debian's library folders in a merged /usr, which the loader searches by default. */
const SEARCHED = /^usr\/(?:lib|lib64)(?:\/[a-z0-9_]+-linux-gnu)?$/;

/** Whether the loader searches a folder by default. */
export function isSearched(folder: string): boolean {
  return SEARCHED.test(folder);
}

/** Names of packages that probably have a library, best first: `libfoo.so.1` is in `libfoo1`, `libfoo2.so.1` in `libfoo2-1`. */
export function likelyPackages(soname: string): string[] {
  if (/^(ld[-.0-9]|ld-linux|ld64|lib(c|m|mvec|dl|rt|pthread|resolv|util|nsl|anl|nss_[a-z]+|BrokenLocale|thread_db)\.so)/.test(soname))
    return ["libc6"];
  const match = /^(.+?)\.so(?:\.(.+))?$/.exec(soname);
  if (!match) return [];
  const base = (match[1] as string).toLowerCase().replaceAll("_", "-");
  const version = match[2]?.toLowerCase();
  if (version === undefined) return [base];
  return /\d$/.test(base) ? [`${base}-${version}`, `${base}${version}`] : [`${base}${version}`, `${base}-${version}`];
}

/**
 * The path at which the loader finds a library that a package has, or undefined: in Debian's folders, in those that the
 * package adds, in `folders`, or behind a name that `update-alternatives` makes there.
 */
export function findLibrary(
  { paths, alternatives, loaderFolders }: Pick<DebContents, "paths" | "alternatives" | "loaderFolders">,
  soname: string,
  folders: ReadonlySet<string> = new Set(),
): string | undefined {
  const isFound = (path: string): boolean => {
    const folder = posix.dirname(path);
    return posix.basename(path) === soname && (SEARCHED.test(folder) || folders.has(folder) || loaderFolders.includes(folder));
  };
  const own = paths.find(({ path, type }) => type !== "directory" && isFound(path));
  if (own) return own.path;
  const links = alternatives.flatMap((alternative) => [alternative, ...alternative.slaves]);
  const named = links.find(({ link }) => isFound(mergedPath(link.slice(1))));
  return named && mergedPath(named.path.slice(1));
}

/**
 * A library of a package in any folder. A program loads such a library itself, or has loaded it before another needs it: the
 * loader takes a library that is loaded for every one with its soname (ld.so(8)).
 */
export function findAnywhere({ paths }: Pick<DebContents, "paths">, soname: string): string | undefined {
  return paths.find(({ path, type, elf }) => type !== "directory" && (posix.basename(path) === soname || elf?.soname === soname))?.path;
}

/** The folders that a program's run path adds to the search, relative to the root, in a merged /usr. */
export function runpathFolders(path: string, runpath: readonly string[], merge: (path: string) => string): Set<string> {
  const origin = `/${posix.dirname(path)}`;
  return new Set(runpath.map((folder) => merge(posix.normalize(folder.replace(/\$\{?ORIGIN\}?/, origin)).replace(/^\/+|\/+$/g, ""))));
}

/**
 * The paths of a package that are needed to load sonames: the libraries, and the targets of those that are links.
 *
 * @param paths the package's paths, in a merged /usr
 */
export function libraryPaths(
  paths: readonly Pick<PackagedPath, "path" | "type" | "link">[],
  sonames: ReadonlySet<string>,
  merge: (path: string) => string,
): Set<string> {
  const byPath = new Map(paths.map((entry) => [entry.path, entry]));
  const wanted = new Set<string>();
  const queue = paths.filter(({ path, type }) => type !== "directory" && sonames.has(posix.basename(path))).map(({ path }) => path);
  for (let path = queue.pop(); path !== undefined; path = queue.pop()) {
    const entry = byPath.get(path);
    if (!entry || wanted.has(path)) continue;
    wanted.add(path);
    const { type, link } = entry;
    if (type === "symlink" && link !== undefined) {
      queue.push(merge(link.startsWith("/") ? posix.normalize(link).slice(1) : posix.join(posix.dirname(path), link)));
    } else if (type === "hardlink" && link !== undefined) queue.push(link);
  }
  return wanted;
}
