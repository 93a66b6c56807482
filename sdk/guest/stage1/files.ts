/** The first stage names here, a line each, which roots are its own: see {@link rootLine}. */
export const ROOT_LIST = "etc/root";

/** Folders of the first stage, each before its contents. `lower`, `upper` and `root` are mount points. */
export const STAGE1_FOLDERS: readonly string[] = [
  "dev",
  "etc",
  "lib",
  "lower",
  "proc",
  "root",
  "sys",
  "upper",
  "usr",
  "usr/lib",
  "usr/lib/modules",
];

/** The root, packed as a squashfs, where this initramfs carries it: see {@link Stage1Purpose}. */
export const PACKED_ROOT = "root.squashfs";

/** What a first stage mounts: a root on a disk, or one that the initramfs itself carries packed. */
export type Stage1Purpose = "root" | "packed-root";

/** The filesystems of a root. */
export type RootKind = "squashfs" | "erofs" | "iso9660";

/** How a root is known: its kind, and four bytes of its own as they are in its first blocks. */
export function rootLine(kind: RootKind, id: Uint8Array): string {
  return `${kind} ${Buffer.from(id).toString("hex")}\n`;
}
