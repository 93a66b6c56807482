import type { Bytes } from "./bytes.ts";
import { ring } from "./ring.ts";

/**
 * The same bytes in chunks of exactly `size` bytes; the last may be shorter.
 *
 * @param held how many chunks share memory: each is valid until so many more are asked for. @default infinity: each chunk is the caller's to keep
 */
export async function* rechunk(source: Bytes, size: number, held = Number.POSITIVE_INFINITY): AsyncGenerator<Uint8Array> {
  const next = ring(held, () => new Uint8Array(size));
  let chunk = next();
  let filled = 0;
  for await (const given of source) {
    for (let at = 0; at < given.length; ) {
      const part = given.subarray(at, at + size - filled);
      chunk.set(part, filled);
      filled += part.length;
      at += part.length;
      if (filled < size) continue;
      yield chunk;
      chunk = next();
      filled = 0;
    }
  }
  if (filled > 0) yield chunk.subarray(0, filled);
}
