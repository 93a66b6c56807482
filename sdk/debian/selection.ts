import type { Arch } from "../core/arch.ts";
import { LinuxKitError } from "../core/errors.ts";
import type { DebContents, PackagedPath } from "./contents.ts";
import { DECLARED } from "./declared.ts";
import { parseDependencies } from "./dependency.ts";
import { libraryPaths } from "./library.ts";
import type { LockedDeb } from "./locked.ts";
import { mergedPath } from "./merged-usr.ts";
import { isUnwanted, keeper, type SlimChoice } from "./slim.ts";

/** A locked package and its contents. */
export interface OpenedDeb {
  readonly deb: LockedDeb;
  readonly contents: DebContents;
}

/**
 * The paths that an image takes from each package, by package name. A directory is included if it contains an included
 * path, or if it is empty in a package that is not just libraries.
 *
 * @throws CORRUPT if two packages have the same path and neither replaces the other
 */
export function selectPaths(
  packages: readonly OpenedDeb[],
  { keep, leaveOut = [] }: SlimChoice,
  arch: Arch,
): ReadonlyMap<string, ReadonlySet<string>> {
  const declared = packages.flatMap(({ deb }) => (typeof deb.keep === "string" ? (DECLARED[deb.name]?.keeps ?? []) : []));
  const [isKept, isLeftOut] = [keeper([...keep, ...declared]), keeper(leaveOut)];
  const taken = new Map<string, Set<string>>();
  const owners = new Map<string, OpenedDeb>();
  for (const opened of packages) {
    const own = filesOf(opened, isKept, isLeftOut);
    taken.set(opened.deb.name, own);
    for (const path of own) {
      const other = owners.get(path);
      const winner = other ? replacing(path, other, opened, arch) : opened;
      owners.set(path, winner);
      if (other) taken.get((winner === opened ? other : opened).deb.name)?.delete(path);
    }
  }
  for (const opened of packages) addFolders(opened, taken.get(opened.deb.name) as Set<string>, isKept, isLeftOut);
  return taken;
}

function filesOf({ deb, contents }: OpenedDeb, isKept: (path: string) => boolean, isLeftOut: (path: string) => boolean): Set<string> {
  const files = contents.paths.filter(({ type, path }) => type !== "directory" && !isLeftOut(path));
  if (typeof deb.keep === "object") {
    const libraries = libraryPaths(files, new Set(deb.keep.sonames), mergedPath);
    return new Set(files.map(({ path }) => path).filter((path) => libraries.has(path) || isKept(path)));
  }
  const isDeclaredOut = keeper(deb.keep === "slim" ? (DECLARED[deb.name]?.leavesOut ?? []) : []);
  const wanted = deb.keep === "slim" ? files.filter(({ path }) => isKept(path) || !(isUnwanted(path) || isDeclaredOut(path))) : files;
  // a hard link needs the path that has its content
  return new Set(wanted.flatMap(({ path, type, link }) => (type === "hardlink" && link !== undefined ? [path, link] : [path])));
}

function addFolders(
  { deb, contents }: OpenedDeb,
  own: Set<string>,
  isKept: (path: string) => boolean,
  isLeftOut: (path: string) => boolean,
): void {
  const inhabited = new Set(contents.paths.flatMap(({ path }) => foldersAbove(path)));
  const isDeclaredOut = keeper(deb.keep === "slim" ? (DECLARED[deb.name]?.leavesOut ?? []) : []);
  const isEmpty = ({ path }: PackagedPath): boolean =>
    deb.keep === "all" || (deb.keep === "slim" && !inhabited.has(path) && (isKept(path) || !(isUnwanted(path) || isDeclaredOut(path))));
  const folders = contents.paths.filter(({ type, path }) => type === "directory" && !isLeftOut(path));
  for (const entry of folders) if (isEmpty(entry)) own.add(entry.path);
  const needed = new Set([...own].flatMap(foldersAbove));
  for (const { path } of folders) if (needed.has(path)) own.add(path);
}

function foldersAbove(path: string): string[] {
  const folders: string[] = [];
  for (let cut = path.lastIndexOf("/"); cut > 0; cut = path.lastIndexOf("/", cut - 1)) folders.push(path.slice(0, cut));
  return folders;
}

function replacing(path: string, a: OpenedDeb, b: OpenedDeb, arch: Arch): OpenedDeb {
  const replaces = (one: OpenedDeb, other: OpenedDeb): boolean =>
    parseDependencies(one.contents.replaces, arch).some((group) => group.some(({ name }) => name === other.deb.name));
  if (replaces(b, a)) return b;
  if (replaces(a, b)) return a;
  throw new LinuxKitError(
    "CORRUPT",
    `the packages ${a.deb.name} and ${b.deb.name} both install /${path}: they cannot be in the same image`,
    { path },
  );
}
