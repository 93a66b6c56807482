/** The folders of the root that are symlinks into `usr` in a merged /usr. */
export const MERGED_FOLDERS = ["bin", "lib", "lib32", "lib64", "libx32", "sbin"] as const;

const UNDER_MERGED = new RegExp(`^(?:${MERGED_FOLDERS.join("|")})(?:/|$)`);

/**
 * The folders of /var that are symlinks, and what they lead to. base-files makes them when it is configured (its postinst,
 * `migrate_directory`); the Filesystem Hierarchy Standard 3.0, 5.13, asks for the first.
 */
export const MOVED_FOLDERS = [
  { path: "var/run", symlink: "/run" },
  { path: "var/lock", symlink: "/run/lock" },
] as const;

/**
 * The path in a tree with a merged /usr and a merged /run: `lib/x` becomes `usr/lib/x`, and `var/run/x` becomes `run/x`.
 *
 * Debian 12 is installed like that, but its packages still use `/bin` and `/lib`, and some `/var/run`. Both paths must lead
 * to a file, above all that of the loader.
 */
export function mergedPath(path: string): string {
  if (UNDER_MERGED.test(path)) return `usr/${path}`;
  const moved = MOVED_FOLDERS.find((folder) => path === folder.path || path.startsWith(`${folder.path}/`));
  return moved ? `${moved.symlink.slice(1)}${path.slice(moved.path.length)}` : path;
}
