import { createReadStream } from "node:fs";
import { readFile, stat } from "node:fs/promises";
import { homedir } from "node:os";
import { join, resolve } from "node:path";
import type { BlobStore } from "../cache/blob-store.ts";
import { measure } from "../core/bytes.ts";
import { type Digest, hexOf } from "../core/digest.ts";
import { LinuxKitError } from "../core/errors.ts";
import type { Definition, FileSpec } from "../definition/definition.ts";

/** A file of this many bytes and its content may stand in the definition itself; a larger one goes by its sha256. */
export const INLINE_LIMIT = 4096;

/**
 * Reads what the definition's `files` name by `source`: small texts come into the definition, everything else into the
 * blob store and by its sha256. An `optional` file that is not there is left out.
 *
 * @param folder what relative sources are relative to
 * @throws NOT_FOUND for a source that is not there, INVALID_DEFINITION for one that is no file
 */
export async function readFileSources(definition: Definition, folder: string, store: BlobStore): Promise<Definition> {
  if (!definition.files.some(({ source }) => source !== undefined)) return definition;
  const files: FileSpec[] = [];
  for (const [index, file] of definition.files.entries()) {
    const read = file.source === undefined ? file : await readSource(file, file.source, `files[${index}].source`, folder, store);
    if (read) files.push(read);
  }
  return { ...definition, files };
}

async function readSource(file: FileSpec, source: string, at: string, folder: string, store: BlobStore): Promise<FileSpec | undefined> {
  const { source: _, optional, ...rest } = file;
  const path = source.startsWith("~/") ? join(homedir(), source.slice(2)) : resolve(folder, source);
  const stats = await stat(path).catch(() => undefined);
  if (!stats) {
    if (optional) return undefined;
    throw new LinuxKitError("NOT_FOUND", `${at}: there is no file ${path}; a relative source is relative to the project's folder`, { what: path });
  }
  if (!stats.isFile()) throw new LinuxKitError("INVALID_DEFINITION", `${at}: ${path} is no regular file`, { path: at });
  if (stats.size <= INLINE_LIMIT) {
    const text = (await readFile(path)).toString("utf8");
    if (Buffer.from(text).length === stats.size && !text.includes("\ufffd")) return { ...rest, contents: text };
  }
  const seen = { size: 0, digest: "sha256:" as Digest };
  for await (const _chunk of measure(createReadStream(path, { highWaterMark: 1 << 20 }), seen));
  if (!(await store.find(seen.digest))) await store.put(createReadStream(path, { highWaterMark: 1 << 20 }), seen, { what: path });
  return { ...rest, sha256: hexOf(seen.digest), size: seen.size };
}
