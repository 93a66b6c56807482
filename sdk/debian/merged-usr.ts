/** The folders of the root that are symlinks into `usr` in a merged /usr. */
export const MERGED_FOLDERS = ["bin", "lib", "lib32", "lib64", "libx32", "sbin"] as const;

const UNDER_MERGED = new RegExp(`^(?:${MERGED_FOLDERS.join("|")})(?:/|$)`);

/**
 * The path in a tree with a merged /usr: `lib/x` becomes `usr/lib/x`.
 *
 * Debian 12 is installed with a merged /usr, but its packages still use `/bin` and `/lib`. Both paths must lead to a file,
 * above all that of the loader.
 */
export function mergedPath(path: string): string {
  return UNDER_MERGED.test(path) ? `usr/${path}` : path;
}
