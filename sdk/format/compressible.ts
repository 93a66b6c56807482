const SLICES = 64;
const SLICE_BYTES = 256;
/** Entropy in bits per byte from which compression is not worth its time; noise of this many samples has 7.99. */
const NOISE = 7.95;

/**
 * Whether a block is worth compressing, estimated from the byte values in 64 slices. Compressed or encrypted data, most of
 * an operating system's disk, has all values equally often. The estimate takes microseconds where compressing takes
 * milliseconds, and is the same on every machine.
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
  // the entropy of few samples is low for any data
  return samples < SLICES * SLICE_BYTES || bits < NOISE;
}
