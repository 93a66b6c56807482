import { MODULES } from "../files/modules.ts";
import type { GuestFile } from "../guest-file.ts";
import { FIND_ROOT } from "./find-root.ts";
import { STAGE1_INIT } from "./init.ts";

/** The first stage names here, a line each, which roots are its own: see {@link rootLine}. */
export const ROOT_LIST = "etc/root";

/** Folders of the first stage, each before what is in it. `lower`, `upper` and `root` are mounted onto. */
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

/** The kinds of filesystem that a root may be. */
export type RootKind = "squashfs" | "erofs" | "iso9660";

/**
 * The files of the first stage. To them belong, from elsewhere: `bin/busybox` with the link `bin/sh` to it, kernel
 * modules with `etc/modules.list`, and {@link ROOT_LIST}.
 */
export function stage1Files(): readonly GuestFile[] {
  return [
    { path: "init", mode: 0o755, contents: STAGE1_INIT },
    { path: "lib/find-root", mode: 0o644, contents: FIND_ROOT },
    { path: "lib/modules-list", mode: 0o644, contents: MODULES },
  ];
}

/** How a root is known: its kind, and four bytes of its own as they are in its first blocks. */
export function rootLine(kind: RootKind, id: Uint8Array): string {
  return `${kind} ${Buffer.from(id).toString("hex")}\n`;
}
