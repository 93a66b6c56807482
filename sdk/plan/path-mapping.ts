import { plainPath } from "../definition/file.ts";

/**
 * The real path of a path of the root filesystem. Debian has `bin`, `sbin` and `lib` as symlinks into `usr`. The kernel
 * unpacks archives one after another and would replace such a symlink with a directory, so no path goes through one.
 */
export type PathMapping = (path: string) => string;

/** The mapping if the root filesystem comes from Debian packages. */
export const debianPath: PathMapping = (path) => plainPath(path).replace(/^(bin|sbin|lib|lib64)(?=\/)/, "usr/$1");

/** The mapping if the root filesystem comes from other images. */
export const plainPathMapping: PathMapping = plainPath;

/** The directories above the paths, without duplicates, parents first. */
export function foldersAbove(paths: readonly string[]): string[] {
  const folders = new Set<string>();
  for (const path of paths) {
    for (let cut = path.lastIndexOf("/"); cut > 0; cut = path.lastIndexOf("/", cut - 1)) folders.add(path.slice(0, cut));
  }
  return [...folders].sort();
}
