import { posix } from "node:path";
import type { PackagedPath } from "./contents.ts";

/** Debian's library folders in a merged /usr, which the loader searches by default. */
const SEARCHED = /^usr\/(?:lib|lib64)(?:\/[a-z0-9_]+-linux-gnu)?$/;

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

/** The path at which the loader finds a library among a package's paths, or undefined. `folders` are searched too. */
export function findLibrary(
  contents: readonly PackagedPath[],
  soname: string,
  folders: ReadonlySet<string> = new Set(),
): PackagedPath | undefined {
  return contents.find(({ path, type }) => {
    if (type === "directory" || posix.basename(path) !== soname) return false;
    const folder = posix.dirname(path);
    return SEARCHED.test(folder) || folders.has(folder);
  });
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
