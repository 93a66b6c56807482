import type { Arch } from "../core/arch.ts";
import { collect } from "../core/bytes.ts";
import { LinuxKitError } from "../core/errors.ts";
import type { LockedDeb } from "../debian/locked.ts";
import { LOADER_FILES, type LoaderFile } from "../format/loaders.ts";
import { type Lock, usableLock } from "../resolve/lock.ts";
import type { OriginSources } from "./origins.ts";
import type { BuildContext } from "./segment.ts";

/** Bytes; larger than any file of a boot loader. */
const LARGEST = 16 << 20;

/**
 * Pins the packages that boot loaders come from. Versions in the former lock are kept.
 *
 * @returns `loaders` of the new lock; undefined if no format needs a loader
 */
export async function lockLoaders(
  names: readonly string[],
  former: { readonly arch: Arch; readonly lock?: Lock | undefined; readonly update?: "locked" | "always" | undefined },
  sources: Pick<OriginSources, "lockLoaders">,
): Promise<Lock["loaders"]> {
  if (names.length === 0) return undefined;
  const known = usableLock(former.lock, former.arch, former.update)?.loaders ?? {};
  const missing = names.filter((name) => !Object.hasOwn(known, name));
  const found = missing.length > 0 ? await sources.lockLoaders(missing) : [];
  return Object.fromEntries(
    names.flatMap((name) => [...found, ...Object.values(known)].filter((deb) => deb.name === name).map((deb) => [name, deb])),
  );
}

/**
 * Reads files of boot loaders from the locked packages. Packages that the cache lacks are fetched first.
 *
 * @throws NOT_FOUND if a package is not locked or lacks the file
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
        `package ${name} is not in the lock, but a format needs its file ${path}: use build() or ImageBuild, which lock it`,
        { what: name },
      );
    const body = await sources.openFile(
      { debian: { role: "packages", packages: [name], dependencies: "all", keep: [], users: [], groups: [], files: [] }, packages: [deb] },
      path,
      signal,
    );
    if (!body)
      throw new LinuxKitError("NOT_FOUND", `package ${name} ${deb.version} has no file ${path}: the format does not support this version`, {
        what: path,
      });
    loaders.set(file, await collect(body, LARGEST, path));
  }
  return loaders;
}
