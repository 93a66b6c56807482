import { createHash, randomBytes } from "node:crypto";
import { closeSync, copyFileSync, mkdirSync, openSync, readFileSync, readSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join, resolve } from "node:path";
import type { BlobStore } from "../cache/blob-store.ts";
import { type Digest, digestOf, hexOf } from "../core/digest.ts";
import { fromFileSystem, LinuxKitError } from "../core/errors.ts";
import type { Definition, FileSpec } from "../definition/definition.ts";

/** A body of at most this many bytes that is text stands in the definition; any other is in the cache, and only its sha256 there. */
export const INLINE_LIMIT = 4096;

/** Where local content comes from and goes to. */
export interface LocalContentOptions {
  /** What relative paths are relative to. */
  readonly projectDir: string;
  readonly store: BlobStore;
}

/**
 * A file of the definition with its body taken in: `source` is read, and what is large or no text goes to the store.
 * Undefined for an optional file that is not there. Works synchronously: a constructor calls it, and what is wrong
 * shall be thrown where the program is wrong.
 *
 * @throws NOT_FOUND, UNWRITABLE, DISK_FULL
 */
export function readLocalFile(file: FileSpec, places: LocalContentOptions): FileSpec | undefined {
  const { source, contents, optional, ...rest } = file;
  if (typeof source === "string") {
    const path = localPath(source, places.projectDir);
    const stats = statSync(path, { throwIfNoEntry: false });
    if (!stats?.isFile()) {
      if (optional) return undefined;
      throw new LinuxKitError("NOT_FOUND", `files ${file.path}: got source "${source}", wanted a file; there is none at ${path}`, {
        what: path,
      });
    }
    const text = stats.size <= INLINE_LIMIT ? asText(readFileSync(path)) : undefined;
    if (text !== undefined) return { ...rest, contents: text };
    const { digest, size } = storeFile(path, places.store);
    return { ...rest, sha256: hexOf(digest), size };
  }
  // an Output is no string yet: it goes to the engine as it is
  if (typeof contents === "string" && Buffer.byteLength(contents) > INLINE_LIMIT) {
    const body = Buffer.from(contents);
    const digest = digestOf(body);
    storeWhole(places.store, digest, (aside) => writeFileSync(aside, body, { flush: true }));
    return { ...rest, sha256: hexOf(digest), size: body.length };
  }
  return file;
}

/** The definition with every local file taken in. */
export function readLocalFiles(definition: Definition, places: LocalContentOptions): Definition {
  return { ...definition, files: definition.files.flatMap((file) => readLocalFile(file, places) ?? []) };
}

/** An absolute path for what a program wrote: `~/` is the home folder, anything else is relative to the project. */
export function localPath(path: string, projectDir: string): string {
  return path.startsWith("~/") ? join(homedir(), path.slice(2)) : resolve(projectDir, path);
}

/** The sha256 and size of a file, read in pieces. */
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
      throw new LinuxKitError("DIGEST_MISMATCH", `${path} changed while it was read: try again`, { path, want: seen.digest, got });
  });
  return seen;
}

/** Puts a blob in its place, whole or not at all, unless it is there. */
function storeWhole(store: BlobStore, digest: Digest, write: (aside: string) => void): void {
  const path = store.path(digest);
  if (statSync(path, { throwIfNoEntry: false })?.isFile()) return;
  const aside = join(dirname(path), `.${hexOf(digest)}.${randomBytes(6).toString("hex")}.part`);
  try {
    mkdirSync(dirname(path), { recursive: true });
    write(aside);
    renameSync(aside, path);
  } catch (error) {
    rmSync(aside, { force: true });
    throw fromFileSystem(error, path);
  }
}

/** The text that bytes are in UTF-8, or undefined when they are none. */
function asText(bytes: Buffer): string | undefined {
  const text = bytes.toString("utf8");
  return Buffer.from(text).equals(bytes) ? text : undefined;
}
