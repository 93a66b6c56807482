import type { Bytes } from "../core/bytes.ts";
import { isLinuxKitError, LinuxKitError } from "../core/errors.ts";
import { ByteReader } from "./byte-reader.ts";
import { type Entry, type EntryHeader, type EntryType, NO_BODY } from "./entry.ts";
import { decodePath, memberPath, type Parents } from "./path.ts";
import { decodePax, type PaxRecords, XATTR } from "./pax.ts";
import { BLOCK, decodeTarHeader, type TarHeader } from "./tar-header.ts";

const TYPES: Readonly<Record<string, EntryType>> = {
  "0": "file",
  "1": "hardlink",
  "2": "symlink",
  "3": "character",
  "4": "block",
  "5": "directory",
  "6": "fifo",
  "7": "file",
};

/** Most bytes of an extended header or long name; no path or attribute of Linux comes near it. */
const EXTENSION_LIMIT = 1 << 20;

/** Most records that global headers may set: every member is read with all of them, so their number bounds the time. */
const GLOBALS_LIMIT = 256;

export interface ReadTarOptions {
  /**
   * Whether an archive must end with a block of zeros. `optional` is for one whose digest the caller verifies: nothing else
   * shows that it was cut between two members. @default "required"
   */
  readonly end?: "required" | "optional";
  /** What a `..` does in the name of a member, or in that of the target of a hard link. @default "refused" */
  readonly parents?: Parents;
}

/** What the extension headers before a member set for it. */
interface Extensions {
  pax: PaxRecords;
  longName?: Buffer;
  longLink?: Buffer;
}

/**
 * Reads a tar archive (v7, ustar, GNU, pax with extended attributes), member by member. A body must be consumed before
 * the next entry is asked for; the rest of it is skipped. After the end of the archive the rest of the source is
 * drained, so that a check of the whole stream sees every byte.
 *
 * @param what names the archive in messages
 * @throws CORRUPT, with the offset, for a bad checksum or number, a cut archive, an unknown type, a sparse member
 * @throws HOSTILE_ARCHIVE for a name with `..`, unless `parents` says otherwise
 */
export async function* readTar(
  source: Bytes,
  what = "tar archive",
  { end = "required", parents = "refused" }: ReadTarOptions = {},
): AsyncGenerator<Entry> {
  const reader = new ByteReader(source);
  const global: PaxRecords = new Map();
  let extensions: Extensions = { pax: new Map() };
  try {
    for (;;) {
      const start = reader.offset;
      const block = await reader.read(BLOCK);
      if (block.length === 0 && end === "optional") break;
      const header = await locate(what, start, async () => decodeTarHeader(whole(block, BLOCK)));
      if (!header) break;
      if ("xgLK".includes(header.type)) {
        await locate(what, start, async () => {
          const data = await extension(reader, header);
          if (header.type === "x") extensions.pax = decodePax(data);
          else if (header.type === "g") addGlobals(global, decodePax(data));
          else extensions[header.type === "L" ? "longName" : "longLink"] = untilNul(data);
        });
        continue;
      }
      const entry = await locate(what, start, () =>
        describe(header, { ...extensions, pax: new Map([...global, ...extensions.pax]) }, parents),
      );
      extensions = { pax: new Map() };
      if (header.type === "V") continue;
      yield* member(reader, entry, what, start);
    }
    while (await reader.take(1 << 20));
  } finally {
    await reader.close();
  }
}

async function* member(reader: ByteReader, entry: EntryHeader, what: string, start: number): AsyncGenerator<Entry> {
  if (entry.type !== "file") {
    yield { ...entry, body: NO_BODY };
    return;
  }
  let left = entry.size;
  async function* body(): AsyncGenerator<Uint8Array> {
    while (left > 0) {
      const chunk = await reader.take(left);
      if (!chunk) throw corruptAt(what, start, cut(entry.path, entry.size - left, entry.size));
      left -= chunk.length;
      yield chunk;
    }
  }
  yield { ...entry, body: body() };
  const rest = left + ((BLOCK - (entry.size % BLOCK)) % BLOCK);
  const skipped = await reader.skip(rest);
  // an archive that ends within the padding of its last member is cut short
  if (skipped < left) throw corruptAt(what, start, cut(entry.path, entry.size - left + skipped, entry.size));
  if (skipped !== rest) throw corruptAt(what, start, `${entry.path}: cut short in the padding after its ${entry.size} bytes`);
}

function describe(header: TarHeader, { pax, longName, longLink }: Extensions, parents: Parents): EntryHeader {
  if (header.type === "S" || [...pax.keys()].some((key) => key.startsWith("GNU.sparse."))) {
    throw new LinuxKitError("CORRUPT", "a sparse member, which this reader does not support: write the archive without --sparse", {
      path: "sparse",
    });
  }
  const rawName = decodePath(pax.get("path") ?? longName ?? header.name);
  let type = TYPES[header.type];
  if (!type && header.type !== "V")
    throw new LinuxKitError("CORRUPT", `${rawName}: unknown type ${JSON.stringify(header.type)}`, { path: rawName });
  // v7 marks a directory by a "/" at the end of its name
  if (type === "file" && header.type === "0" && rawName.endsWith("/")) type = "directory";
  const size = type === "file" ? paxNumber(pax, "size", header.size) : 0;
  if (size < 0) throw new LinuxKitError("CORRUPT", `${rawName}: a size of ${size}, wanted at least 0`, { path: rawName });
  const link = decodePath(pax.get("linkpath") ?? longLink ?? header.link);
  const xattrs = new Map([...pax].filter(([key]) => key.startsWith(XATTR)).map(([key, value]) => [key.slice(XATTR.length), value]));
  return {
    path: memberPath(rawName, parents),
    type: type ?? "file",
    mode: header.mode & 0o7777,
    uid: paxNumber(pax, "uid", header.uid),
    gid: paxNumber(pax, "gid", header.gid),
    size,
    mtime: Math.floor(paxNumber(pax, "mtime", header.mtime)),
    ...(type === "symlink" ? { link } : type === "hardlink" ? { link: memberPath(link, parents) } : {}),
    ...(type === "character" || type === "block" ? { major: header.major, minor: header.minor } : {}),
    ...(xattrs.size > 0 ? { xattrs } : {}),
  };
}

function addGlobals(global: PaxRecords, records: PaxRecords): void {
  for (const [key, value] of records) global.set(key, value);
  if (global.size > GLOBALS_LIMIT)
    throw new LinuxKitError("CORRUPT", `global headers with ${global.size} records, wanted at most ${GLOBALS_LIMIT}`, { path: "global" });
}

function paxNumber(pax: PaxRecords, key: string, fallback: number): number {
  const text = pax.get(key)?.toString("latin1");
  if (!text) return fallback;
  const value = Number(text);
  if (!/^-?[0-9]+(\.[0-9]*)?$/.test(text) || Math.abs(value) > Number.MAX_SAFE_INTEGER || (key !== "mtime" && !Number.isInteger(value))) {
    throw new LinuxKitError("CORRUPT", `pax header: ${key}: got ${JSON.stringify(text.slice(0, 40))}, wanted a number`, { path: key });
  }
  return value;
}

async function extension(reader: ByteReader, { size, type }: TarHeader): Promise<Buffer> {
  if (size < 0 || size > EXTENSION_LIMIT) {
    throw new LinuxKitError("CORRUPT", `an extended header (${type}) of ${size} bytes, wanted at most ${EXTENSION_LIMIT}`, { path: type });
  }
  const data = Buffer.from(await exactly(reader, size));
  await exactly(reader, (BLOCK - (size % BLOCK)) % BLOCK);
  return data;
}

async function exactly(reader: ByteReader, length: number): Promise<Buffer> {
  return whole(await reader.read(length), length);
}

function whole(data: Buffer, length: number): Buffer {
  if (data.length !== length)
    throw new LinuxKitError("CORRUPT", `cut short: ${data.length} bytes of ${length}, before the end of the archive`, { path: "" });
  return data;
}

// every error about a member names the offset of its header in the archive
async function locate<T>(what: string, offset: number, read: () => T | Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    if (isLinuxKitError(error, "CORRUPT")) throw corruptAt(what, offset, error.message);
    throw error;
  }
}

function corruptAt(what: string, offset: number, why: string): LinuxKitError {
  return new LinuxKitError("CORRUPT", `${what}, byte ${offset}: ${why}`, { path: `${what}+${offset}` });
}

function cut(path: string, got: number, want: number): string {
  return `${path}: cut short, ${got} bytes of ${want}`;
}

function untilNul(data: Buffer): Buffer {
  const end = data.indexOf(0);
  return end < 0 ? data : data.subarray(0, end);
}
