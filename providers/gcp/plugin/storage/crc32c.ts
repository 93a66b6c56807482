/** CRC-32C (Castagnoli), reflected: RFC 3720, B.4. */
const POLYNOMIAL = 0x82f63b78;

/** Bytes processed at a time. */
const SLICES = 16;

/** For each of 16 positions, the checksum of each byte value: 16 bytes need 16 independent look-ups. */
const TABLE = tables();

/** An incremental checksum. Cloud Storage reports it for every object, big-endian in base64. */
export class Crc32c {
  #state = 0xffffffff;

  update(bytes: Uint8Array): this {
    let crc = this.#state;
    let at = 0;
    const whole = bytes.length - (bytes.length % SLICES);
    for (; at < whole; at += SLICES) {
      crc ^=
        (bytes[at] as number) | ((bytes[at + 1] as number) << 8) | ((bytes[at + 2] as number) << 16) | ((bytes[at + 3] as number) << 24);
      crc =
        (TABLE[0xf00 + (crc & 0xff)] as number) ^
        (TABLE[0xe00 + ((crc >>> 8) & 0xff)] as number) ^
        (TABLE[0xd00 + ((crc >>> 16) & 0xff)] as number) ^
        (TABLE[0xc00 + (crc >>> 24)] as number) ^
        (TABLE[0xb00 + (bytes[at + 4] as number)] as number) ^
        (TABLE[0xa00 + (bytes[at + 5] as number)] as number) ^
        (TABLE[0x900 + (bytes[at + 6] as number)] as number) ^
        (TABLE[0x800 + (bytes[at + 7] as number)] as number) ^
        (TABLE[0x700 + (bytes[at + 8] as number)] as number) ^
        (TABLE[0x600 + (bytes[at + 9] as number)] as number) ^
        (TABLE[0x500 + (bytes[at + 10] as number)] as number) ^
        (TABLE[0x400 + (bytes[at + 11] as number)] as number) ^
        (TABLE[0x300 + (bytes[at + 12] as number)] as number) ^
        (TABLE[0x200 + (bytes[at + 13] as number)] as number) ^
        (TABLE[0x100 + (bytes[at + 14] as number)] as number) ^
        (TABLE[bytes[at + 15] as number] as number);
    }
    for (; at < bytes.length; at++) crc = (TABLE[(crc ^ (bytes[at] as number)) & 0xff] as number) ^ (crc >>> 8);
    this.#state = crc;
    return this;
  }

  /** The checksum of all bytes so far, in Cloud Storage's format. */
  base64(): string {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32BE(~this.#state >>> 0);
    return bytes.toString("base64");
  }
}

function tables(): Int32Array {
  const table = new Int32Array(256 * SLICES);
  for (let byte = 0; byte < 256; byte++) {
    let crc = byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ POLYNOMIAL : crc >>> 1;
    table[byte] = crc;
  }
  for (let at = 256; at < table.length; at++) {
    const before = table[at - 256] as number;
    table[at] = (table[before & 0xff] as number) ^ (before >>> 8);
  }
  return table;
}
