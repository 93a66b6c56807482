import { LinuxKitError } from "../core/errors.ts";

/** Records of a pax extended header: values are bytes, since attributes and file names are not always text. */
export type PaxRecords = Map<string, Buffer>;

/** The prefix under which star, GNU tar and Go keep extended attributes. */
export const XATTR = "SCHILY.xattr.";

/**
 * Reads `LENGTH KEYWORD=VALUE\n` records (POSIX pax, "pax Extended Header").
 *
 * @throws CORRUPT with the offset of a malformed record
 */
export function decodePax(data: Buffer): PaxRecords {
  const records: PaxRecords = new Map();
  for (let at = 0; at < data.length; ) {
    const space = data.indexOf(0x20, at);
    const digits = data.toString("latin1", at, space < 0 ? at : space);
    const length = /^[1-9][0-9]{0,9}$/.test(digits) ? Number(digits) : 0;
    const end = at + length;
    const equals = data.indexOf(0x3d, space + 1);
    if (length === 0 || end > data.length || data[end - 1] !== 0x0a || equals < 0 || equals >= end || equals === space + 1) {
      throw new LinuxKitError("CORRUPT", `pax header: a malformed record at byte ${at}`, { path: `pax+${at}` });
    }
    records.set(data.toString("utf8", space + 1, equals), Buffer.from(data.subarray(equals + 1, end - 1)));
    at = end;
  }
  return records;
}

/** The reverse of {@link decodePax}, in the order of the map. */
export function encodePax(records: ReadonlyMap<string, Uint8Array>): Buffer {
  return Buffer.concat([...records].map(([key, value]) => encodeRecord(key, value)));
}

function encodeRecord(key: string, value: Uint8Array): Buffer {
  const rest = Buffer.concat([Buffer.from(` ${key}=`), value, Buffer.from("\n")]);
  // the length counts its own digits
  let length = rest.length + 1;
  while (String(length).length + rest.length !== length) length = String(length).length + rest.length;
  return Buffer.concat([Buffer.from(String(length)), rest]);
}
