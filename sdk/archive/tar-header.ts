import { LinuxKitError } from "../core/errors.ts";

/** Bytes of a tar block: every header is one block, and bodies are padded to whole blocks. */
export const BLOCK = 512;

/** The fields of a header block (POSIX pax, "ustar Interchange Format"; GNU and v7 headers are read too). */
export interface TarHeader {
  /** Name bytes, with the ustar prefix joined. */
  readonly name: Uint8Array;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly size: number;
  readonly mtime: number;
  /** The type flag as a character; `"0"` for v7's NUL. */
  readonly type: string;
  readonly link: Uint8Array;
  readonly major: number;
  readonly minor: number;
}

/** Offset and length of each field, in bytes. */
const FIELD = {
  name: [0, 100],
  mode: [100, 8],
  uid: [108, 8],
  gid: [116, 8],
  size: [124, 12],
  mtime: [136, 12],
  checksum: [148, 8],
  type: [156, 1],
  link: [157, 100],
  magic: [257, 8],
  major: [329, 8],
  minor: [337, 8],
  prefix: [345, 155],
  starPrefix: [345, 131],
} as const satisfies Record<string, readonly [number, number]>;
type Field = keyof typeof FIELD;

/**
 * Reads a header block; undefined for a block of zeros, which ends an archive.
 *
 * @throws CORRUPT for a wrong checksum or a malformed number
 */
export function decodeTarHeader(block: Uint8Array): TarHeader | undefined {
  if (block.every((byte) => byte === 0)) return undefined;
  const checksum = number(block, "checksum");
  const { unsigned, signed } = sums(block);
  if (checksum !== unsigned && checksum !== signed) throw corrupt("checksum", `got ${unsigned}, the header says ${checksum}`);
  const magic = Buffer.from(slice(block, "magic")).toString("latin1");
  const name = text(block, "name");
  const prefix = magic.startsWith("ustar\0") ? text(block, hasStarTrailer(block) ? "starPrefix" : "prefix") : new Uint8Array(0);
  const named = magic.startsWith("ustar");
  return {
    name: prefix.length > 0 ? Buffer.concat([prefix, Buffer.from("/"), name]) : name,
    mode: number(block, "mode"),
    uid: number(block, "uid"),
    gid: number(block, "gid"),
    size: number(block, "size"),
    mtime: number(block, "mtime"),
    type: String.fromCharCode(slice(block, "type")[0] || 0x30),
    link: text(block, "link"),
    // v7 does not define the bytes of the device numbers
    major: named ? number(block, "major") : 0,
    minor: named ? number(block, "minor") : 0,
  };
}

/** Whether the field's ustar form, octal with its closing NUL, can hold `value`. */
export function fitsOctal(field: "mode" | "uid" | "gid" | "size" | "mtime" | "major" | "minor", value: number): boolean {
  return Number.isInteger(value) && value >= 0 && value < 8 ** (FIELD[field][1] - 1);
}

/** Splits a name at a `/` into the fields `prefix` and `name`; undefined where it does not fit. */
export function splitName(name: Uint8Array): { prefix: Uint8Array; name: Uint8Array } | undefined {
  if (name.length <= FIELD.name[1]) return { prefix: new Uint8Array(0), name };
  // the first `/` that leaves a name short enough; the last byte may be a directory's own `/`
  for (let at = Math.max(1, name.length - FIELD.name[1] - 1); at < name.length - 1 && at <= FIELD.prefix[1]; at++) {
    if (name[at] === 0x2f) return { prefix: name.subarray(0, at), name: name.subarray(at + 1) };
  }
  return undefined;
}

/** Whether a link target fits its ustar field. */
export function fitsLink(link: Uint8Array): boolean {
  return link.length <= FIELD.link[1];
}

/** Encodes a ustar header block; every field must fit. */
export function encodeTarHeader(header: TarHeader): Buffer {
  const block = Buffer.alloc(BLOCK);
  const split = splitName(header.name);
  if (!split || !fitsLink(header.link)) throw new RangeError("a name too long for a ustar header");
  put(block, "name", split.name);
  put(block, "prefix", split.prefix);
  put(block, "link", header.link);
  for (const field of ["mode", "uid", "gid", "size", "mtime", "major", "minor"] as const) {
    const octal = header[field].toString(8).padStart(FIELD[field][1] - 1, "0");
    put(block, field, Buffer.from(`${octal}\0`));
  }
  put(block, "type", Buffer.from(header.type));
  put(block, "magic", Buffer.from("ustar\x0000"));
  put(block, "checksum", Buffer.from(`${sums(block).unsigned.toString(8).padStart(6, "0")}\0 `));
  return block;
}

function put(block: Buffer, field: Field, bytes: Uint8Array): void {
  if (bytes.length > FIELD[field][1]) throw new RangeError(`${field}: ${bytes.length} bytes, wanted at most ${FIELD[field][1]}`);
  block.set(bytes, FIELD[field][0]);
}

function slice(block: Uint8Array, field: Field): Uint8Array {
  const [offset, length] = FIELD[field];
  return block.subarray(offset, offset + length);
}

function text(block: Uint8Array, field: Field): Uint8Array {
  const bytes = slice(block, field);
  const end = bytes.indexOf(0);
  // a copy: the block's memory belongs to the reader
  return Uint8Array.from(end < 0 ? bytes : bytes.subarray(0, end));
}

// octal text between spaces and NULs, or, with the top bit set, a big-endian two's complement number (GNU "base-256")
function number(block: Uint8Array, field: Field): number {
  const bytes = slice(block, field);
  if ((bytes[0] as number) & 0x80) return base256(bytes, field);
  const digits = Buffer.from(bytes)
    .toString("latin1")
    .replace(/^[ \0]+|[ \0].*$/gs, "");
  if (!/^[0-7]*$/.test(digits)) throw corrupt(field, `got ${JSON.stringify(digits)}, wanted octal digits`);
  return digits === "" ? 0 : Number.parseInt(digits, 8);
}

function base256(bytes: Uint8Array, field: Field): number {
  let value = BigInt(bytes[0] === 0xff ? -1 : (bytes[0] as number) & 0x7f);
  for (const byte of bytes.subarray(1)) value = (value << 8n) | BigInt(byte);
  if (value > BigInt(Number.MAX_SAFE_INTEGER) || value < BigInt(Number.MIN_SAFE_INTEGER))
    throw corrupt(field, `got ${value}, wanted at most ${Number.MAX_SAFE_INTEGER}`);
  return Number(value);
}

// the checksum counts its own field as spaces; some old writers summed signed bytes
function sums(block: Uint8Array): { unsigned: number; signed: number } {
  const [from, length] = FIELD.checksum;
  let unsigned = 0;
  let high = 0;
  for (let at = 0; at < BLOCK; at++) {
    const byte = at >= from && at < from + length ? 0x20 : (block[at] as number);
    unsigned += byte;
    if (byte > 127) high++;
  }
  return { unsigned, signed: unsigned - 256 * high };
}

// star keeps times after a shorter prefix, and marks such a header in its last four bytes
function hasStarTrailer(block: Uint8Array): boolean {
  return Buffer.from(block.subarray(508, 512)).toString("latin1") === "tar\0";
}

function corrupt(field: Field, why: string): LinuxKitError {
  return new LinuxKitError("CORRUPT", `tar header, ${field}: ${why}`, { path: field });
}
