/** Bytes of a logical block of ISO 9660. */
export const ISO_BLOCK = 2048;

/** A number in both byte orders, 8 bytes (ECMA-119 7.3.3). */
export function both32(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeUInt32LE(value, 0);
  bytes.writeUInt32BE(value, 4);
  return bytes;
}

/** A number in both byte orders, 4 bytes (7.2.3). */
export function both16(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt16LE(value, 0);
  bytes.writeUInt16BE(value, 2);
  return bytes;
}

/** A time in 7 bytes, UTC; years from 1900 to 2155 (9.1.5). */
export function isoTime(mtime: number): Buffer {
  const at = new Date(Math.min(Math.max(mtime, -2_208_988_800), 5_869_583_999) * 1000);
  return Buffer.from([
    at.getUTCFullYear() - 1900,
    at.getUTCMonth() + 1,
    at.getUTCDate(),
    at.getUTCHours(),
    at.getUTCMinutes(),
    at.getUTCSeconds(),
    0,
  ]);
}

/** Bytes of a directory record before its system use field. */
export function recordBase(identifier: Uint8Array): number {
  return 33 + identifier.length + (identifier.length % 2 === 0 ? 1 : 0);
}

/** A directory record (9.1). Its length is even; `systemUse` holds the Rock Ridge fields. */
export function encodeRecord(record: {
  readonly identifier: Uint8Array;
  readonly block: number;
  /** Bytes. */
  readonly size: number;
  readonly mtime: number;
  readonly directory: boolean;
  /** Another record with more of the same file follows. */
  readonly continues?: boolean;
  readonly systemUse: Uint8Array;
}): Buffer {
  const base = recordBase(record.identifier);
  const bytes = Buffer.alloc(base + record.systemUse.length + (record.systemUse.length % 2));
  bytes[0] = bytes.length;
  bytes.set(both32(record.block), 2);
  bytes.set(both32(record.size), 10);
  bytes.set(isoTime(record.mtime), 18);
  bytes[25] = (record.directory ? 2 : 0) | (record.continues ? 0x80 : 0);
  bytes.set(both16(1), 28);
  bytes[32] = record.identifier.length;
  bytes.set(record.identifier, 33);
  bytes.set(record.systemUse, base);
  return bytes;
}

/**
 * The identifiers of a directory's names, for readers without Rock Ridge: unique, upper case, 8.3 (10.1, level 1), in the
 * order of `names`. The same sorted names give the same identifiers.
 */
export function isoIdentifiers(names: readonly { readonly name: string; readonly directory: boolean }[]): string[] {
  const taken = new Set<string>();
  return names.map(({ name, directory }) => {
    const clean = (part: string) => part.toUpperCase().replace(/[^A-Z0-9_]/g, "_");
    const dot = directory ? -1 : name.lastIndexOf(".");
    const stem = clean(dot > 0 ? name.slice(0, dot) : name) || "_";
    const tail = directory ? "" : `.${clean(dot > 0 ? name.slice(dot + 1) : "").slice(0, 3)};1`;
    for (let number = 0; ; number++) {
      const suffix = number === 0 ? "" : String(number);
      const identifier = stem.slice(0, 8 - suffix.length) + suffix + tail;
      if (taken.has(identifier)) continue;
      taken.add(identifier);
      return identifier;
    }
  });
}
