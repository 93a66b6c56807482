import { LinuxKitError } from "../core/errors.ts";
import type { Entry, EntryType } from "./entry.ts";
import { encodePath } from "./path.ts";
import { encodePax, XATTR } from "./pax.ts";
import { BLOCK, encodeTarHeader, fitsLink, fitsOctal, splitName, type TarHeader } from "./tar-header.ts";
import { wholeBody } from "./whole-body.ts";

const TYPE_FLAG: Readonly<Record<EntryType, string>> = {
  file: "0",
  hardlink: "1",
  symlink: "2",
  character: "3",
  block: "4",
  directory: "5",
  fifo: "6",
};

/**
 * Writes a tar archive: ustar headers, with a pax header before a member only where ustar cannot hold it (long names,
 * large numbers, extended attributes). Names that are not UTF-8 stay bytes in pax headers too, as in GNU tar. Neither
 * the clock nor the host shows: the same entries give the same bytes.
 *
 * @throws SIZE_MISMATCH when a body is not as long as its header says
 * @throws TOO_LARGE for device numbers that no header can hold
 */
export async function* writeTar(entries: AsyncIterable<Entry> | Iterable<Entry>): AsyncGenerator<Uint8Array> {
  for await (const entry of entries) {
    yield* encodeMember(entry);
    if (entry.type !== "file") continue;
    yield* wholeBody(entry);
    yield new Uint8Array((BLOCK - (entry.size % BLOCK)) % BLOCK);
  }
  yield new Uint8Array(2 * BLOCK);
}

function* encodeMember(entry: Entry): Generator<Uint8Array> {
  const name = encodePath(entry.type === "directory" ? `${entry.path || "."}/` : entry.path);
  const link = encodePath(entry.link ?? "");
  const records = new Map<string, Uint8Array>();
  const numbers = { uid: entry.uid, gid: entry.gid, size: entry.type === "file" ? entry.size : 0, mtime: entry.mtime };
  const fit = { ...numbers };
  if (!splitName(name)) records.set("path", name);
  if (!fitsLink(link)) records.set("linkpath", link);
  for (const field of ["size", "uid", "gid", "mtime"] as const) {
    if (fitsOctal(field, numbers[field])) continue;
    records.set(field, Buffer.from(String(numbers[field])));
    fit[field] = 0;
  }
  for (const [key, value] of [...(entry.xattrs ?? [])].sort(([a], [b]) => (a < b ? -1 : 1))) records.set(XATTR + key, value);
  const header: TarHeader = {
    ...fit,
    name: records.has("path") ? lastBytes(name) : name,
    link: records.has("linkpath") ? lastBytes(link) : link,
    mode: entry.mode & 0o7777,
    type: TYPE_FLAG[entry.type],
    major: deviceNumber(entry, "major"),
    minor: deviceNumber(entry, "minor"),
  };
  if (records.size > 0) yield* encodeExtension(records, header.name);
  yield encodeTarHeader(header);
}

function* encodeExtension(records: Map<string, Uint8Array>, name: Uint8Array): Generator<Uint8Array> {
  const data = encodePax(records);
  yield encodeTarHeader({
    name: Buffer.concat([Buffer.from("PaxHeaders/"), lastBytes(name, 80)]),
    mode: 0o644,
    uid: 0,
    gid: 0,
    size: data.length,
    mtime: 0,
    type: "x",
    link: Buffer.alloc(0),
    major: 0,
    minor: 0,
  });
  yield data;
  yield new Uint8Array((BLOCK - (data.length % BLOCK)) % BLOCK);
}

// the name that a reader without pax sees: enough to recognise the member
function lastBytes(name: Uint8Array, length = 100): Uint8Array {
  return name.subarray(Math.max(0, name.length - length));
}

function deviceNumber(entry: Entry, field: "major" | "minor"): number {
  const value = entry.type === "character" || entry.type === "block" ? (entry[field] ?? 0) : 0;
  if (!fitsOctal(field, value)) {
    throw new LinuxKitError("TOO_LARGE", `${entry.path}: a device number of ${value}, wanted at most ${8 ** 7 - 1}`, {
      what: entry.path,
      limit: 8 ** 7 - 1,
      got: value,
    });
  }
  return value;
}
