import type { Bytes } from "./bytes.ts";

/** The same bytes in chunks of exactly `size`, but for the last; each is yours to keep. */
export async function* rechunk(source: Bytes, size: number): AsyncGenerator<Uint8Array> {
  let held = new Uint8Array(size);
  let filled = 0;
  for await (const chunk of source) {
    for (let at = 0; at < chunk.length; ) {
      const part = chunk.subarray(at, at + size - filled);
      held.set(part, filled);
      filled += part.length;
      at += part.length;
      if (filled < size) continue;
      yield held;
      held = new Uint8Array(size);
      filled = 0;
    }
  }
  if (filled > 0) yield held.subarray(0, filled);
}
