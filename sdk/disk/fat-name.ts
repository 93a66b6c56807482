import { LinuxKitError } from "../core/errors.ts";
import { present } from "../core/present.ts";

/** Bytes of one directory entry. */
export const DIRECTORY_ENTRY = 32;

/** The parts of a directory entry that do not come from its name. */
export interface FatEntryFields {
  /** 0x10 directory, 0x08 volume label, 0x20 file (archive bit). */
  readonly attributes: number;
  /** Seconds since 1970, UTC. */
  readonly mtime: number;
  readonly firstCluster: number;
  /** Bytes; 0 for a directory. */
  readonly size: number;
}

/**
 * Checks that FAT's long names can hold a name (Microsoft FAT specification 1.03, section 7).
 *
 * @param path names it in messages
 * @throws INVALID_DEFINITION
 */
export function checkFatName(name: string, path: string): void {
  const fail = (why: string): never => {
    throw new LinuxKitError("INVALID_DEFINITION", `${JSON.stringify(path)}: a FAT filesystem cannot hold this name: ${why}`, { path });
  };
  if (name === "" || name === "." || name === "..") fail("it is empty or a dot name");
  if (name.length > 255) fail(`it has ${name.length} UTF-16 units, at most 255 fit`);
  const bad = /[\u0000-\u001f"*/:<>?\\|\u007f]/.exec(name);
  if (bad) fail(`it contains ${JSON.stringify(bad[0])}`);
  if (/[. ]$/.test(name)) fail("it ends with a dot or a space, which are dropped on reading");
  if (!name.isWellFormed()) fail("it is not Unicode");
}

/** Folds a name as FAT compares it: two names with the same folded form cannot share a directory. */
export function foldFatName(name: string): string {
  return name.toUpperCase();
}

const SHORT = /^([A-Z0-9!#$%&'()\-@^_`{}~]{1,8})(?:\.([A-Z0-9!#$%&'()\-@^_`{}~]{1,3}))?$/;

/**
 * The 11-byte short names of a directory, in the order of `names`: the name itself where it is a short name, else a
 * numbered alias that no other entry has. The same sorted names give the same aliases.
 */
export function shortNames(names: readonly string[]): { readonly bytes: Buffer; readonly exact: boolean }[] {
  const taken = new Set(names.map(foldFatName));
  return names.map((name) => {
    const own = SHORT.exec(name);
    if (own) return { bytes: pack(present(own[1]), own[2] ?? ""), exact: true };
    const dot = name.lastIndexOf(".");
    const clean = (part: string) =>
      foldFatName(part)
        .replace(/[. ]/g, "")
        .replace(/[^A-Z0-9!#$%&'()\-@^_`{}~]/g, "_");
    const base = clean(dot > 0 ? name.slice(0, dot) : name) || "_";
    const extension = dot > 0 ? clean(name.slice(dot + 1)).slice(0, 3) : "";
    for (let number = 1; ; number++) {
      const tail = `~${number}`;
      const stem = base.slice(0, 8 - tail.length) + tail;
      const alias = extension ? `${stem}.${extension}` : stem;
      if (taken.has(alias)) continue;
      taken.add(alias);
      return { bytes: pack(stem, extension), exact: false };
    }
  });
}

function pack(stem: string, extension: string): Buffer {
  return Buffer.from(stem.padEnd(8) + extension.padEnd(3), "latin1");
}

/** How many 32-byte entries a name takes: one, and for a long name another for each 13 UTF-16 units. */
export function entryCount(name: string): number {
  return SHORT.test(name) ? 1 : 1 + Math.ceil(name.length / 13);
}

/** A short entry (section 6). */
export function encodeShortEntry(shortName: Uint8Array, fields: FatEntryFields): Buffer {
  const entry = Buffer.alloc(DIRECTORY_ENTRY);
  const { date, time } = fatTime(fields.mtime);
  entry.set(shortName);
  entry[11] = fields.attributes;
  entry.writeUInt16LE(time, 14);
  entry.writeUInt16LE(date, 16);
  entry.writeUInt16LE(date, 18);
  entry.writeUInt16LE(fields.firstCluster >>> 16, 20);
  entry.writeUInt16LE(time, 22);
  entry.writeUInt16LE(date, 24);
  entry.writeUInt16LE(fields.firstCluster & 0xffff, 26);
  entry.writeUInt32LE(fields.size, 28);
  return entry;
}

/** The long entries of a name, last part first, which come before its short entry (section 7). */
export function encodeLongEntries(name: string, shortName: Uint8Array): Buffer {
  const count = Math.ceil(name.length / 13);
  const units = Buffer.alloc(count * 26, 0xff);
  units.write(name, "utf16le");
  if (name.length % 13 !== 0) units.writeUInt16LE(0, name.length * 2);
  const sum = shortName.reduce((checksum, byte) => (((checksum & 1) << 7) + (checksum >> 1) + byte) & 0xff, 0);
  const entries = Buffer.alloc(count * DIRECTORY_ENTRY);
  for (let part = 0; part < count; part++) {
    const entry = entries.subarray((count - 1 - part) * DIRECTORY_ENTRY);
    const slice = units.subarray(part * 26, part * 26 + 26);
    entry[0] = (part + 1) | (part === count - 1 ? 0x40 : 0);
    entry.set(slice.subarray(0, 10), 1);
    entry[11] = 0x0f;
    entry[13] = sum;
    entry.set(slice.subarray(10, 22), 14);
    entry.set(slice.subarray(22, 26), 28);
  }
  return entries;
}

// FAT's times reach from 1980 to 2107; others become the nearest one
function fatTime(mtime: number): { readonly date: number; readonly time: number } {
  const at = new Date(Math.min(Math.max(mtime, 315_532_800), 4_354_819_198) * 1000);
  return {
    date: ((at.getUTCFullYear() - 1980) << 9) | ((at.getUTCMonth() + 1) << 5) | at.getUTCDate(),
    time: (at.getUTCHours() << 11) | (at.getUTCMinutes() << 5) | (at.getUTCSeconds() >> 1),
  };
}
