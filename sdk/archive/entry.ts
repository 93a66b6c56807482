import type { Bytes } from "../core/bytes.ts";

/** What a path in a filesystem can be. */
export type EntryType = "file" | "directory" | "symlink" | "hardlink" | "character" | "block" | "fifo";

/** A path of a filesystem tree with all that an archive holds about it, except its content. */
export interface EntryHeader {
  /**
   * Relative, without a leading `./` or a trailing `/`; `""` is the root itself. Bytes that are not UTF-8 are kept
   * as lone surrogates U+DC80…U+DCFF (see `decodePath`), so any Linux file name survives.
   */
  readonly path: string;
  readonly type: EntryType;
  /** Permission bits with setuid, setgid and sticky: 0…0o7777. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Bytes of content; 0 for anything but a file. */
  readonly size: number;
  /** Seconds since 1970. */
  readonly mtime: number;
  /** Target of a symlink (verbatim), or the path of the hard link's file (as {@link path}). */
  readonly link?: string;
  /** Device numbers of a character or block device. */
  readonly major?: number;
  readonly minor?: number;
  /** Extended attributes by name; values are bytes. */
  readonly xattrs?: ReadonlyMap<string, Uint8Array>;
}

/** A header with the content that follows it. A reader's body must be consumed, or skipped, before the next entry. */
export interface Entry extends EntryHeader {
  readonly body: Bytes;
}

/** The body of every entry that is not a file. */
export const NO_BODY: Bytes = Object.freeze([]);

/** An entry for a file whose content is in memory. Owner and time default to 0. */
export function fileEntry(
  path: string,
  content: Uint8Array | string,
  mode = 0o644,
  owner: { uid?: number; gid?: number; mtime?: number } = {},
): Entry {
  const bytes = typeof content === "string" ? Buffer.from(content) : content;
  return { path, type: "file", mode, uid: owner.uid ?? 0, gid: owner.gid ?? 0, size: bytes.length, mtime: owner.mtime ?? 0, body: [bytes] };
}

/** An entry for a directory. Owner and time default to 0. */
export function directoryEntry(path: string, mode = 0o755, owner: { uid?: number; gid?: number; mtime?: number } = {}): Entry {
  return { path, type: "directory", mode, uid: owner.uid ?? 0, gid: owner.gid ?? 0, size: 0, mtime: owner.mtime ?? 0, body: NO_BODY };
}

/** An entry for a symbolic link, owned by root, with time 0. */
export function symlinkEntry(path: string, link: string): Entry {
  return { path, type: "symlink", mode: 0o777, uid: 0, gid: 0, size: 0, mtime: 0, link, body: NO_BODY };
}
