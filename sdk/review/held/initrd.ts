import { createReadStream } from "node:fs";
import type { Entry } from "../../archive/entry.ts";
import { readInitrd } from "../../archive/read-initrd.ts";
import { LinuxKitError } from "../../core/errors.ts";
import { formatPath, type Step } from "../../core/property-path.ts";
import { knownContents } from "../../debian/contents.ts";
import { mergedPath } from "../../debian/merged-usr.ts";
import type { Lock } from "../../resolve/lock.ts";
import { type HeldFile, type Holding, heldFiles } from "./holding.ts";

/** A file of an operating system, by the part that it belongs to. */
export interface PlacedPath {
  /** The path of the part: `["services", "web"]`; `["init"]` is the root filesystem beside the containers. */
  readonly part: readonly Step[];
  /** The path as that part has it, without a leading `/`. */
  readonly path: string;
  /** Whether it comes from the part's image. Otherwise a build wrote it, or the definition has it as a file of the OS. */
  readonly isOfImage: boolean;
}

/** Where a path of the root filesystem belongs: a container's files are in its folder below `containers` (sdk/plan/guest-bundle.ts). */
export function placeOf(path: string): PlacedPath {
  const [, phase = "", name = "", folder, inside = ""] =
    /^containers\/(services|onboot|onshutdown|volumes)\/([^/]+)\/([^/]+)(?:\/(.*))?$/s.exec(path) ?? [];
  if (folder !== undefined) {
    // tasks are numbered in the order in which they run
    const part = [phase, phase.startsWith("on") ? name.replace(/^\d+-/, "") : name];
    const isOfImage = folder === "rootfs" || folder === "lower";
    return { part, path: isOfImage ? inside : [folder, inside].filter(Boolean).join("/"), isOfImage };
  }
  const isModule = path.startsWith("usr/lib/modules/");
  return { part: [isModule ? "modules" : "init"], path, isOfImage: isModule };
}

/**
 * What an initrd holds: its files by part and package, in bytes as they are unpacked. A package is known if a build on this
 * computer has read it; other files are listed by their folder.
 *
 * @throws as `readInitrd`
 */
export async function heldInInitrd(path: string, lock: Lock, cacheDir: string): Promise<Holding> {
  const owners = await packageOwners(lock, cacheDir);
  const files = new Map<string, HeldFile>();
  for await (const { path: name, type, size } of openInitrd(path)) {
    if (type !== "file" || size === 0) continue;
    const placed = placeOf(name);
    const own = { path: `/${placed.path}`, bytes: size, part: formatPath(placed.part) };
    files.set(name, { ...own, package: owners.get(placed.path) });
  }
  return heldFiles("Files, unpacked", files.values());
}

/** Bytes of all names of one initrd, as of an image. */
const NAMES = 64 << 20;

/** The entries of an initrd's file. @throws as `readInitrd`; HOSTILE_ARCHIVE for one whose names take too much memory */
export async function* openInitrd(path: string): AsyncGenerator<Entry> {
  let names = 0;
  for await (const entry of readInitrd((start) => createReadStream(path, { start }), path)) {
    names += entry.path.length + (entry.link?.length ?? 0);
    if (names > NAMES) throw new LinuxKitError("HOSTILE_ARCHIVE", `${path}: names of more than ${NAMES >> 20} MiB, wanted fewer`, { path });
    yield entry;
  }
}

/** The package that each path comes from, of those that a build here has read. */
export async function packageOwners(lock: Pick<Lock, "debian">, cacheDir: string): Promise<ReadonlyMap<string, string>> {
  const owners = new Map<string, string>();
  const debs = new Map(Object.values(lock.debian).flatMap(({ packages }) => packages.map((deb) => [deb.sha256, deb])));
  for (const deb of debs.values()) {
    const contents = await knownContents(deb, cacheDir);
    for (const { path, type } of contents?.paths ?? []) if (type !== "directory") owners.set(mergedPath(path), deb.name);
  }
  return owners;
}
