const SLICES = 64;
const SLICE_BYTES = 256;
/** Bits per byte from which compression is not worth its time; noise of this many samples has 7.99. */
const NOISE = 7.95;

/**
 * Whether a block is worth compressing, by the spread of byte values in 64 slices of it: what is compressed or encrypted
 * already shows all values equally often, and most of an operating system's disk is. It takes microseconds where
 * finding out by compressing takes milliseconds, and the same bytes are judged the same on every machine.
 */
export function isCompressible(bytes: Uint8Array): boolean {
  const counts = new Uint32Array(256);
  const step = Math.max(SLICE_BYTES, Math.floor(bytes.length / SLICES));
  let samples = 0;
  for (let start = 0; start < bytes.length; start += step) {
    const slice = bytes.subarray(start, start + SLICE_BYTES);
    for (const byte of slice) counts[byte] = (counts[byte] ?? 0) + 1;
    samples += slice.length;
  }
  let bits = 0;
  for (const count of counts) if (count > 0) bits -= (count / samples) * Math.log2(count / samples);
  // few samples show few values whatever they are taken from
  return samples < SLICES * SLICE_BYTES || bits < NOISE;
}
