import { MODULES } from "../files/modules.ts";
import type { GuestFile } from "../guest-file.ts";
import { FIND_ROOT } from "./find-root.ts";
import { STAGE1_INIT } from "./init.ts";

/** The path of the list of roots that the first stage accepts, one a line: see {@link rootLine}. */
export const ROOT_LIST = "etc/root";

/** Folders of the first stage, each before its contents. `lower`, `upper` and `root` are mount points. */
export const STAGE1_FOLDERS: readonly string[] = [
  "bin",
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

/** The filesystems of a root. */
export type RootKind = "squashfs" | "erofs" | "iso9660";

/**
 * The files of the first stage. They also need, from other sources: `bin/busybox` with the symlink `bin/sh`, kernel modules
 * with `etc/modules.list`, and {@link ROOT_LIST}.
 */
export function stage1Files(): readonly GuestFile[] {
  return [
    { path: "init", mode: 0o755, contents: STAGE1_INIT },
    { path: "lib/find-root", mode: 0o644, contents: FIND_ROOT },
    { path: "lib/modules-list", mode: 0o644, contents: MODULES },
  ];
}

/** A line that identifies a root: its filesystem, and four identifying bytes from its first blocks. */
export function rootLine(kind: RootKind, id: Uint8Array): string {
  return `${kind} ${Buffer.from(id).toString("hex")}\n`;
}
