/**
 * Plays Azure Storage's check of x-ms-content-crc64, with its own CRC-64.
 *
 * Source: Azure Blob Storage REST API, "Put Page", x-ms-content-crc64.
 * Judged by: test/azure/azurite.judge.test.ts accepts and refuses the same values.
 */

/** The reversed polynomial, 0x9A6C9329AC4BC9B5, in two halves. */
const [HIGH, LOW] = [0x9a6c9329, 0xac4bc9b5];

const TABLE = new Uint32Array(512);
for (let byte = 0; byte < 256; byte++) {
  let [high, low] = [0, byte];
  for (let bit = 0; bit < 8; bit++) {
    const odd = low & 1;
    low = (low >>> 1) | ((high & 1) << 31);
    high >>>= 1;
    if (odd) [high, low] = [high ^ HIGH, low ^ LOW];
  }
  TABLE.set([high >>> 0, low >>> 0], byte * 2);
}

/** Azure Storage's CRC-64 in base64, its least significant byte first, as `x-ms-content-crc64` carries it. */
export function crc64(bytes: Uint8Array): string {
  let [high, low] = [0xffffffff, 0xffffffff];
  for (const byte of bytes) {
    const at = ((low ^ byte) & 0xff) * 2;
    low = ((low >>> 8) | (high << 24)) ^ (TABLE[at + 1] as number);
    high = (high >>> 8) ^ (TABLE[at] as number);
  }
  const result = Buffer.alloc(8);
  result.writeUInt32LE(~low >>> 0, 0);
  result.writeUInt32LE(~high >>> 0, 4);
  return result.toString("base64");
}
