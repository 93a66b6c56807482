/** Table of the Castagnoli polynomial (RFC 3720 12.1), reflected. */
const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0x82f63b78 : value >>> 1;
  return value;
});

/** The CRC-32C register after `bytes`: it starts with all ones and is not inverted at the end, as Linux's `crc32c(~0, …)`. */
export function crc32c(bytes: Uint8Array): number {
  return bytes.reduce((register, byte) => (TABLE[(register ^ byte) & 0xff] as number) ^ (register >>> 8), 0xffffffff) >>> 0;
}
