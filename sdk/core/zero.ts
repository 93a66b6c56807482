const ZEROES = new Uint8Array(1 << 20);

/** `length` zero bytes, as chunks of at most 1 MiB that share memory: do not write into them. */
export function* zeroes(length: number): Generator<Uint8Array> {
  for (let left = length; left > 0; left -= ZEROES.length) yield left < ZEROES.length ? ZEROES.subarray(0, left) : ZEROES;
}

/** Whether every byte is zero. The answer is immediate for chunks of {@link zeroes}. */
export function isZero(bytes: Uint8Array): boolean {
  if (bytes.buffer === ZEROES.buffer) return true;
  for (let at = 0; at < bytes.length; at += ZEROES.length) {
    const part = bytes.subarray(at, at + ZEROES.length);
    if (Buffer.compare(part, ZEROES.subarray(0, part.length)) !== 0) return false;
  }
  return true;
}
