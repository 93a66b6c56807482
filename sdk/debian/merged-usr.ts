/** The folders of the root that a merged /usr makes links: what packages put there lies under `usr`. */
export const MERGED_FOLDERS = ["bin", "lib", "lib32", "lib64", "libx32", "sbin"] as const;

const UNDER_MERGED = new RegExp(`^(?:${MERGED_FOLDERS.join("|")})(?:/|$)`);

/**
 * Where a path lies in a tree with a merged /usr: `lib/x` is `usr/lib/x`.
 *
 * Debian 12 is installed merged, while its packages still name `/bin` and `/lib`; both spellings must reach a file, the
 * loader's path above all. In an image of its own we therefore merge. In the machine's root, where several images lie
 * over each other, a link named `lib` would meet other images' folder of that name: there the packages' own paths are
 * kept, which Debian 12 builds its packages to work with too.
 */
export function mergedPath(path: string): string {
  return UNDER_MERGED.test(path) ? `usr/${path}` : path;
}
