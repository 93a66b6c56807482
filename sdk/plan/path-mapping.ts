import { plainPath } from "../definition/file.ts";

/**
 * Where a path of the root filesystem really lies. Debian's tree has `bin`, `sbin` and `lib` as links into `usr`; the
 * kernel unpacks archives one after the other and would put a directory in a link's place, so nothing goes through them.
 */
export type PathMapping = (path: string) => string;

/** The place of a path when the root comes from Debian packages. */
export const debianPath: PathMapping = (path) => plainPath(path).replace(/^(bin|sbin|lib|lib64)(?=\/)/, "usr/$1");

/** The place of a path when images of other origin make the root. */
export const plainPathMapping: PathMapping = plainPath;

/** Every directory above the paths, each once, parents first. */
export function foldersAbove(paths: readonly string[]): string[] {
  const folders = new Set<string>();
  for (const path of paths) {
    for (let cut = path.lastIndexOf("/"); cut > 0; cut = path.lastIndexOf("/", cut - 1)) folders.add(path.slice(0, cut));
  }
  return [...folders].sort();
}
