import type { Arch } from "../core/arch.ts";
import { collect } from "../core/bytes.ts";
import { LinuxKitError } from "../core/errors.ts";
import type { LockedDeb } from "../debian/locked.ts";
import { LOADER_FILES, type LoaderFile } from "../format/loaders.ts";
import type { Lock } from "../resolve/lock.ts";
import type { OriginSources } from "./origins.ts";
import type { BuildContext } from "./segment.ts";

/** No file of a loader comes near. */
const LARGEST = 16 << 20;

/**
 * Pins the packages that loaders come from: those of the former lock stay as they are.
 *
 * @returns what the new lock has as `loaders`; undefined for formats that take none
 */
export async function lockLoaders(
  names: readonly string[],
  former: { readonly arch: Arch; readonly lock?: Lock | undefined; readonly update?: "locked" | "always" | undefined },
  sources: Pick<OriginSources, "lockLoaders">,
): Promise<Lock["loaders"]> {
  if (names.length === 0) return undefined;
  const known = former.update !== "always" && former.lock?.arch === former.arch ? (former.lock.loaders ?? {}) : {};
  const missing = names.filter((name) => !Object.hasOwn(known, name));
  const found = missing.length > 0 ? await sources.lockLoaders(missing) : [];
  return Object.fromEntries(
    names.flatMap((name) => [...found, ...Object.values(known)].filter((deb) => deb.name === name).map((deb) => [name, deb])),
  );
}

/**
 * Reads files of loaders out of the locked packages; what the cache does not hold is fetched first.
 *
 * @throws NOT_FOUND when a package is not locked or has no such file
 */
export async function readLoaders(
  files: readonly LoaderFile[],
  locked: readonly LockedDeb[],
  { sources, signal }: BuildContext,
): Promise<ReadonlyMap<LoaderFile, Uint8Array>> {
  const loaders = new Map<LoaderFile, Uint8Array>();
  for (const file of files) {
    const { package: name, path } = LOADER_FILES[file];
    const deb = locked.find((one) => one.name === name);
    if (!deb)
      throw new LinuxKitError(
        "NOT_FOUND",
        `the lock has no package ${name}, which a format takes ${path} from: build through build() or ImageBuild, which lock it`,
        { what: name },
      );
    const body = await sources.openFile(
      { debian: { role: "packages", packages: [name], dependencies: "all", keep: [], users: [], groups: [], files: [] }, packages: [deb] },
      path,
      signal,
    );
    if (!body)
      throw new LinuxKitError(
        "NOT_FOUND",
        `${name} ${deb.version} has no file ${path}: this version is none that the format was made for`,
        { what: path },
      );
    loaders.set(file, await collect(body, LARGEST, path));
  }
  return loaders;
}
