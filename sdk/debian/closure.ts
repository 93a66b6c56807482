import { LinuxKitError } from "../core/errors.ts";
import { type Dependency, formatDependency, parseDependencies, versionMeets } from "./dependency.ts";
import type { PackageRecord } from "./record.ts";
import type { Repository } from "./repository.ts";

/**
 * The package that meets a dependency: one that is already chosen; otherwise the first alternative that can be met, by the
 * newest version of the named package or by the first package, by name, that provides it. Undefined if nothing meets it.
 */
export async function chooseFor(
  dependency: Dependency,
  repository: Repository,
  chosen: ReadonlyMap<string, PackageRecord>,
): Promise<PackageRecord | undefined> {
  const meeting: PackageRecord[] = [];
  for (const alternative of dependency) {
    const present = chosen.get(alternative.name);
    if (present && versionMeets(alternative, present.version)) return present;
    meeting.push(...(await repository.meeting(alternative)));
  }
  return meeting.find((record) => chosen.get(record.name) === record) ?? meeting.find((record) => !chosen.has(record.name));
}

/** The packages that meet a package's dependencies, in order. Dependencies that cannot be met go to `onUnmet`. */
export async function dependenciesOf(
  record: PackageRecord,
  repository: Repository,
  chosen: ReadonlyMap<string, PackageRecord>,
  onUnmet: (dependency: Dependency) => void = () => {},
): Promise<PackageRecord[]> {
  const found: PackageRecord[] = [];
  for (const dependency of parseDependencies(record.depends, repository.arch)) {
    const met = await chooseFor(dependency, repository, chosen);
    if (met) found.push(met);
    else onUnmet(dependency);
  }
  return found;
}

/**
 * The packages and all their dependencies, level by level, so that the choice depends only on the indexes.
 *
 * @throws NOT_FOUND for an unknown package, and for a dependency that cannot be met
 */
export async function closureOf(names: readonly string[], repository: Repository): Promise<PackageRecord[]> {
  const chosen = new Map<string, PackageRecord>();
  let level: PackageRecord[] = [];
  for (const name of names) {
    const record = await repository.newest(name);
    if (!chosen.has(name)) level.push(record);
    chosen.set(name, record);
  }
  while (level.length > 0) {
    const next: PackageRecord[] = [];
    for (const record of level) {
      for (const dependency of parseDependencies(record.depends, repository.arch)) {
        const met = await chooseFor(dependency, repository, chosen);
        if (!met) throw unmet(record, dependency, chosen);
        if (chosen.has(met.name)) continue;
        chosen.set(met.name, met);
        next.push(met);
      }
    }
    level = next;
  }
  return [...chosen.values()];
}

function unmet(record: PackageRecord, dependency: Dependency, chosen: ReadonlyMap<string, PackageRecord>): LinuxKitError {
  const present = dependency.map(({ name }) => chosen.get(name)).find((found) => found !== undefined);
  const why = present
    ? `but ${present.name} ${present.version} is already chosen and does not meet it`
    : "but no package of the mirror meets it";
  return new LinuxKitError("NOT_FOUND", `${record.name} ${record.version} depends on ${formatDependency(dependency)}, ${why}`, {
    what: formatDependency(dependency),
  });
}
