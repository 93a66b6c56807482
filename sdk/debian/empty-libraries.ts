import { dirname } from "node:path/posix";
import { type Entry, fileEntry } from "../archive/entry.ts";
import type { Arch } from "../core/arch.ts";
import { elfImports } from "./elf-imports.ts";
import { emptyLibrary } from "./empty-library.ts";

/** The program of the init's image that has no use for one of its libraries. */
export const EMPTIED = "usr/bin/crun";

/**
 * Sonames of libraries that are empty in the init's image. crun asks systemd for control groups only with
 * `--systemd-cgroup`, and for its journal only with `--log journald:`; the guest uses neither. The library needs five
 * others, 3.4 MB of the root together.
 */
export const EMPTY_LIBRARIES: readonly string[] = ["libsystemd.so.0"];

/**
 * The empty libraries of an image with a program: none of those that its packages have, as those of a lock from before
 * do.
 *
 * @param paths what the image has of its packages
 */
export function* emptyLibraries(program: Buffer, paths: ReadonlySet<string>, arch: Arch): Generator<Entry> {
  const libc = [...paths].find((path) => path.endsWith("/libc.so.6"));
  if (libc === undefined) return;
  for (const soname of EMPTY_LIBRARIES) {
    const path = `${dirname(libc)}/${soname}`;
    const functions = elfImports(program, soname, EMPTIED);
    if (functions.length > 0 && !paths.has(path)) yield fileEntry(path, emptyLibrary(soname, functions, arch));
  }
}
