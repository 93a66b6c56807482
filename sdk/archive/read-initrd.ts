import type { Bytes } from "../core/bytes.ts";
import { LinuxKitError } from "../core/errors.ts";
import type { ByteReader } from "./byte-reader.ts";
import { padding, PATH_MAX, TRAILER, TYPE_BITS } from "./cpio-header.ts";
import { type Entry, type EntryType, NO_BODY } from "./entry.ts";
import { isDamaged, openInitrdArchive } from "./initrd-archive.ts";
import { decodePath, memberPath } from "./path.ts";

const HEADER_BYTES = 110;
const TYPE_MASK = 0o170000;
const TYPES = new Map<number, EntryType>([
  ...Object.entries(TYPE_BITS).map(([type, bits]): [number, EntryType] => [bits, type as EntryType]),
  [TYPE_BITS.file, "file"],
]);

/**
 * Reads what the kernel unpacks from an initrd: newc archives one after another, each plain or in gzip or zstd
 * (Documentation/driver-api/early-userspace/buffer-format.rst). Of a path that comes twice, the kernel keeps the last. A body must
 * be consumed before the next entry is asked for; the rest of it is skipped.
 *
 * @param open returns its bytes from an offset to the end
 * @param what names it in messages
 * @throws CORRUPT for a damaged archive, and one that is compressed otherwise; HOSTILE_ARCHIVE for a name with `..`
 */
export async function* readInitrd(open: (offset: number) => Bytes, what: string): AsyncGenerator<Entry> {
  for (let at = 0; ; ) {
    const { start, archive } = await openInitrdArchive(open, at);
    if (archive === "end") return;
    if (archive === "unknown") throw damaged(what, start, "neither a newc archive, nor one in gzip or zstd");
    await using opened = archive;
    try {
      yield* members(opened.cpio, `${what}, archive at byte ${start}`);
      at = start + (await opened.end());
    } catch (error) {
      if (!isDamaged(error)) throw error;
      throw damaged(what, start, `its compressed data is broken: ${(error as Error).message}`);
    }
  }
}

async function* members(reader: ByteReader, what: string): AsyncGenerator<Entry> {
  const linked = new Map<number, string>();
  for (;;) {
    const at = reader.offset;
    const header = (await reader.read(HEADER_BYTES)).toString("latin1");
    if (!/^07070[12][0-9a-f]{104}$/i.test(header)) throw damaged(what, at, "no header of a newc archive");
    const [inode, bits, uid, gid, links, mtime, size, , , major, minor, nameSize] = fieldsOf(header);
    if (nameSize < 1 || nameSize > PATH_MAX) throw damaged(what, at, `a name of ${nameSize} bytes, wanted 1 to ${PATH_MAX}`);
    const name = await whole(reader, nameSize, what);
    await reader.skip(padding(HEADER_BYTES + nameSize));
    const text = decodePath(name.subarray(0, -1));
    if (text === TRAILER) return;
    const path = memberPath(text);
    const type = TYPES.get(bits & TYPE_MASK);
    if (type === undefined) throw damaged(what, at, `${path}: unknown type ${(bits & TYPE_MASK).toString(8)}`);
    const common = { path, mode: bits & 0o7777, uid, gid, mtime, size: 0, body: NO_BODY };
    const first = type === "file" && links > 1 ? linked.get(inode) : undefined;
    if (type === "file" && links > 1 && first === undefined) linked.set(inode, path);
    if (type === "symlink") {
      if (size >= PATH_MAX) throw damaged(what, at, `${path}: a target of ${size} bytes, wanted fewer than ${PATH_MAX}`);
      yield { ...common, type, link: decodePath(await whole(reader, size, what)) };
      await reader.skip(padding(size));
    } else if (first !== undefined && size === 0) yield { ...common, type: "hardlink", link: first };
    else if (type === "file") yield* file({ ...common, type, size }, reader, what);
    else yield { ...common, type, ...(type === "character" || type === "block" ? { major, minor } : {}) };
  }
}

async function* file(header: Omit<Entry, "body">, reader: ByteReader, what: string): AsyncGenerator<Entry> {
  let left = header.size;
  async function* body(): AsyncGenerator<Uint8Array> {
    while (left > 0) {
      const chunk = await reader.take(left);
      if (!chunk) throw damaged(what, reader.offset, `${header.path}: cut short`);
      left -= chunk.length;
      yield chunk;
    }
  }
  yield { ...header, body: body() };
  const rest = left + padding(header.size);
  if ((await reader.skip(rest)) !== rest) throw damaged(what, reader.offset, `${header.path}: cut short`);
}

type Fields = readonly [number, number, number, number, number, number, number, number, number, number, number, number, number];

function fieldsOf(header: string): Fields {
  return Array.from({ length: 13 }, (_, index) => Number.parseInt(header.slice(6 + 8 * index, 14 + 8 * index), 16)) as unknown as Fields;
}

async function whole(reader: ByteReader, length: number, what: string): Promise<Uint8Array> {
  const bytes = await reader.read(length);
  if (bytes.length !== length) throw damaged(what, reader.offset, "cut short");
  return bytes;
}

function damaged(what: string, offset: number, why: string): LinuxKitError {
  return new LinuxKitError("CORRUPT", `${what}, byte ${offset}: ${why}`, { path: what });
}
