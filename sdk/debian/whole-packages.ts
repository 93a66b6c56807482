import { posix } from "node:path";
import { chosenAlternatives } from "./alternatives.ts";
import { dependenciesOf } from "./closure.ts";
import type { DebContents, PackagedPath } from "./contents.ts";
import { moduleTest } from "./languages.ts";
import { mergedPath } from "./merged-usr.ts";
import type { PackageRecord } from "./record.ts";
import { isUnwanted } from "./slim.ts";
import type { SlimSources } from "./slim-sources.ts";
import { followPath, type TreeNode } from "./tree-path.ts";

/** The packages that a slim image has whole, and libraries that their links lead to. */
export interface WholePackages {
  readonly whole: ReadonlyMap<string, PackageRecord>;
  readonly linked: readonly { readonly record: PackageRecord; readonly soname: string }[];
}

/**
 * The named packages, and of their dependencies: those from the same source package, which often contain a program's
 * configuration; those that a package without files stands for; those that a link leads into; and modules of a language
 * whose interpreter is there.
 *
 * @throws NOT_FOUND for an unknown package
 */
export async function wholePackages(
  names: readonly string[],
  isWanted: (entry: PackagedPath) => boolean,
  sources: SlimSources,
): Promise<WholePackages> {
  const whole = new Map<string, PackageRecord>();
  const linked: { record: PackageRecord; soname: string }[] = [];
  const examined = new Set<string>();
  let level: PackageRecord[] = [];
  for (const name of names) level.push(await sources.repository.newest(name));
  while (level.length > 0) {
    while (level.length > 0) {
      for (const record of level) whole.set(record.name, record);
      await sources.fetch(level);
      level = await partsOf(level, whole, isWanted, sources);
    }
    const tree = await treeOf([...whole.values()], isWanted, sources);
    for (const record of whole.values()) {
      const targets = await linkTargets(record, tree, whole, examined, isWanted, sources);
      level.push(...targets.flatMap((target) => ("soname" in target ? [] : [target.record])));
      linked.push(...targets.flatMap((target) => ("soname" in target ? [target] : [])));
    }
    level.push(...(await modulesOf([...whole.values()], tree, whole, sources)));
  }
  return { whole, linked };
}

/** The dependencies that are parts of the packages: of the same source package, or what a package without files stands for. */
async function partsOf(
  level: readonly PackageRecord[],
  whole: ReadonlyMap<string, PackageRecord>,
  isWanted: (entry: PackagedPath) => boolean,
  { contents, repository }: SlimSources,
): Promise<PackageRecord[]> {
  const parts: PackageRecord[] = [];
  for (const record of level) {
    const standsForOthers = !(await contents(record)).paths.some(isWanted);
    for (const needed of await dependenciesOf(record, repository, whole)) {
      if (!whole.has(needed.name) && (standsForOthers || needed.source === record.source)) parts.push(needed);
    }
  }
  return parts;
}

type Tree = ReadonlyMap<string, TreeNode>;

async function treeOf(
  records: readonly PackageRecord[],
  isWanted: (entry: PackagedPath) => boolean,
  { contents }: SlimSources,
): Promise<Tree> {
  const tree = new Map<string, TreeNode>();
  const all: DebContents[] = [];
  for (const record of records) all.push(await contents(record));
  for (const entry of all.flatMap(({ paths }) => paths)) if (entry.type === "directory" || isWanted(entry)) tree.set(entry.path, entry);
  const alternatives = all.flatMap((found) => found.alternatives);
  for (const { link, path } of chosenAlternatives(alternatives, (target) => tree.has(target)))
    tree.set(mergedPath(link.slice(1)), { type: "symlink", link: path });
  return tree;
}

/** Places that are empty in every package: they are filled by a script, or while the machine runs. */
const MADE_LATER = /^(?:etc|var|run|proc|dev|sys|tmp|root|home|srv|mnt|media|usr\/local)(?:\/|$)/;

/** What the links of a package lead to in its direct dependencies, where it is not there yet. */
async function linkTargets(
  record: PackageRecord,
  tree: Tree,
  whole: ReadonlyMap<string, PackageRecord>,
  examined: Set<string>,
  isWanted: (entry: PackagedPath) => boolean,
  { contents, repository, fetch }: SlimSources,
): Promise<({ readonly record: PackageRecord } | { readonly record: PackageRecord; readonly soname: string })[]> {
  const links = (await contents(record)).paths.filter((entry) => entry.type === "symlink" && isWanted(entry));
  const sought = new Set<string>();
  for (const { path } of links) {
    const followed = followPath(path, (at) => tree.get(at));
    if (!("missing" in followed)) continue;
    const place = mergedPath(followed.missing);
    const key = `${record.name}\n${place}`;
    if (examined.has(key) || MADE_LATER.test(place) || isUnwanted(place)) continue;
    examined.add(key);
    sought.add(place);
  }
  if (sought.size === 0) return [];
  const needed = (await dependenciesOf(record, repository, whole)).filter(({ name }) => !whole.has(name));
  await fetch(needed);
  const found: ({ record: PackageRecord } | { record: PackageRecord; soname: string })[] = [];
  for (const candidate of needed) {
    const targets = (await contents(candidate)).paths.filter(({ path }) => sought.has(path));
    const isLibrary = ({ path, elf, type }: PackagedPath): boolean =>
      /\.so(?:\.|$)/.test(path) && (type === "symlink" || (elf !== undefined && elf.interpreter === undefined));
    if (targets.some((target) => !isLibrary(target))) found.push({ record: candidate });
    else for (const { path } of targets) found.push({ record: candidate, soname: posix.basename(path) });
  }
  return found;
}

/** The dependencies that have modules of a language whose interpreter is there. */
async function modulesOf(
  records: readonly PackageRecord[],
  tree: Tree,
  whole: ReadonlyMap<string, PackageRecord>,
  { repository }: SlimSources,
): Promise<PackageRecord[]> {
  const paths = [...tree.keys()];
  const isModule = moduleTest((pattern) => paths.some((path) => pattern.test(path)));
  const found: PackageRecord[] = [];
  for (const record of records) {
    for (const needed of await dependenciesOf(record, repository, whole)) {
      if (!whole.has(needed.name) && isModule(needed.name)) found.push(needed);
    }
  }
  return found;
}
