/**
 * Plays Azure's check of a VHD's footer.
 *
 * Source: Microsoft, Virtual Hard Disk Image Format Specification, "Hard Disk Footer Format".
 * Judged by: test/azure/disk-pages.test.ts accepts qemu-img's footer.
 */
const FOOTER = 512;

/** @returns the fault in the last 512 bytes of a fixed VHD; undefined if valid. @param size bytes of the file, with the footer */
export function wrongFooter(footer: Buffer, size: number): string | undefined {
  if (footer.length !== FOOTER || footer.toString("latin1", 0, 8) !== "conectix") return "no cookie 'conectix'";
  if (footer.readUInt32BE(12) !== 0x00010000) return "another version of the format";
  if (footer.readBigUInt64BE(16) !== 0xffffffffffffffffn) return "a data offset, which a fixed disk must not have";
  if (footer.readUInt32BE(60) !== 2) return "a disk type other than fixed";
  const sum = footer.reduce((total, byte, at) => (at >= 64 && at < 68 ? total : total + byte), 0);
  if (footer.readUInt32BE(64) !== ~sum >>> 0) return "a wrong checksum";
  const current = footer.readBigUInt64BE(48);
  if (current !== BigInt(size - FOOTER)) return `a size of ${current} bytes in a blob that has ${size - FOOTER} before the footer`;
  return undefined;
}
