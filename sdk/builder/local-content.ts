import { createHash, randomBytes } from "node:crypto";
import {
  closeSync,
  copyFileSync,
  openSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  type Stats,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { homedir } from "node:os";
import { dirname, join, resolve } from "node:path";
import type { BlobStore } from "../cache/blob-store.ts";
import { type Digest, digestOf, hexOf } from "../core/digest.ts";
import { fromFileSystem, LinuxKitError } from "../core/errors.ts";
import type { FileSpec } from "../definition/definition.ts";
import { readLocalFolder, refuseFolderMode } from "./local-folder.ts";
import { makeFolderSync } from "../core/make-folder.ts";

/** Bytes. Text up to this size is kept in the definition. Other content is kept in the cache, and the definition has its sha256. */
export const INLINE_LIMIT = 4096;

/** Where local files are read from and stored. */
export interface LocalContentOptions {
  /** The folder that relative paths are relative to. */
  readonly projectDir: string;
  readonly store: BlobStore;
}

/**
 * A file of the definition with its content: reads `source`, and puts content that is large or binary into the store. A folder
 * becomes the files in it, and an optional file that is missing becomes nothing. Synchronous, because a constructor calls it and an error must point to
 * the line of the program that caused it.
 *
 * @throws NOT_FOUND, UNWRITABLE, DISK_FULL
 */
export function readLocalFile(file: FileSpec, places: LocalContentOptions): FileSpec[] {
  const { source, contents, optional, ...rest } = file;
  if (typeof source === "string") {
    const where = `files ${file.path}`;
    const found = localSource(source, where, places, optional);
    if (!found) return [];
    const { path, stats } = found;
    if (!stats.isDirectory()) return [withContent(path, rest, true, places.store)];
    if (rest.mode !== "0600") refuseFolderMode(where, file.path, rest.mode, path);
    return readLocalFolder(path, rest, where, (inner, spec, inline) => withContent(inner, spec, inline, places.store));
  }
  // an Output is not a string yet: it goes to the engine unchanged
  if (typeof contents === "string" && Buffer.byteLength(contents) > INLINE_LIMIT) {
    const body = Buffer.from(contents);
    const digest = digestOf(body);
    storeWhole(places.store, digest, (aside) => writeFileSync(aside, body, { flush: true }));
    return [{ ...rest, sha256: hexOf(digest), size: body.length }];
  }
  return [file];
}

/**
 * The file or folder of a `source`; undefined if it is optional and missing.
 *
 * @param where the file in the definition, for messages
 * @throws NOT_FOUND
 */
export function localSource(
  source: string,
  where: string,
  { projectDir }: Pick<LocalContentOptions, "projectDir">,
  optional = false,
): { readonly path: string; readonly stats: Stats } | undefined {
  const path = localPath(source, projectDir);
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats?.isDirectory() || stats?.isFile()) return { path, stats };
  if (optional && !stats) return undefined;
  throw new LinuxKitError(
    "NOT_FOUND",
    `${where}: got source "${source}", wanted a file or folder: ${stats ? "something else" : "not found"} at ${path}`,
    { what: path },
  );
}

/** A file with the content of a local one: as text where `inline` allows it and it is small, else in the store. */
export function withContent<File extends object>(
  path: string,
  file: File,
  inline: boolean,
  store: BlobStore,
): File & Pick<FileSpec, "contents" | "sha256" | "size"> {
  const text = inline && statSync(path).size <= INLINE_LIMIT ? asText(readFileSync(path)) : undefined;
  if (text !== undefined) return { ...file, contents: text };
  const { digest, size } = storeFile(path, store);
  return { ...file, sha256: hexOf(digest), size };
}

/** The absolute path of a path in a program: `~/` is the home folder, other relative paths start at the project. */
export function localPath(path: string, projectDir: string): string {
  return path.startsWith("~/") ? join(homedir(), path.slice(2)) : resolve(projectDir, path);
}

/** The sha256 and size, in bytes, of a file; reads 1 MiB at a time. */
export function hashFile(path: string): { readonly digest: Digest; readonly size: number } {
  const hash = createHash("sha256");
  const piece = Buffer.allocUnsafe(1 << 20);
  const file = openSync(path, "r");
  try {
    let size = 0;
    for (let read = readSync(file, piece); read > 0; read = readSync(file, piece)) {
      hash.update(piece.subarray(0, read));
      size += read;
    }
    return { digest: `sha256:${hash.digest("hex")}`, size };
  } finally {
    closeSync(file);
  }
}

function storeFile(path: string, store: BlobStore): { readonly digest: Digest; readonly size: number } {
  const seen = hashFile(path);
  storeWhole(store, seen.digest, (aside) => {
    copyFileSync(path, aside);
    const got = hashFile(aside).digest;
    if (got !== seen.digest)
      throw new LinuxKitError("DIGEST_MISMATCH", `${path} changed while it was read: run the build again`, {
        path,
        want: seen.digest,
        got,
      });
  });
  return seen;
}

/** Stores a blob atomically, unless it is already stored: then it counts as used now. */
function storeWhole(store: BlobStore, digest: Digest, write: (aside: string) => void): void {
  const path = store.path(digest);
  if (isMarkedUsed(path)) return;
  const aside = join(dirname(path), `.${hexOf(digest)}.${randomBytes(6).toString("hex")}.part`);
  try {
    makeFolderSync(dirname(path));
    write(aside);
    renameSync(aside, path);
  } catch (error) {
    rmSync(aside, { force: true });
    throw fromFileSystem(error, path);
  }
}

/** Marks a blob as used, by its access time alone. False if it is not stored, or a prune removes it at this moment. */
function isMarkedUsed(path: string): boolean {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (!stats?.isFile()) return false;
  try {
    utimesSync(path, Date.now() / 1000, stats.mtimeMs / 1000);
    return true;
  } catch (error) {
    // a cache that may not be written is used as it is
    return (error as NodeJS.ErrnoException).code !== "ENOENT";
  }
}

/** Bytes as text; undefined if they are not valid UTF-8. */
function asText(bytes: Buffer): string | undefined {
  const text = bytes.toString("utf8");
  return Buffer.from(text).equals(bytes) ? text : undefined;
}
