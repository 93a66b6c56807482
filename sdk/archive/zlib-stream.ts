import { once } from "node:events";
import type { createGunzip, createZstdCompress } from "node:zlib";
import type { Bytes, Memory } from "../core/bytes.ts";

/** A compressor or decompressor of `node:zlib`. */
export type ZlibStream = ReturnType<typeof createGunzip> | ReturnType<typeof createZstdCompress>;

/**
 * Passes a stream through a compressor or decompressor, which is closed when this ends, for any reason; so is the source.
 * The source's errors are thrown unchanged.
 *
 * The stream is told of the end only after it has consumed every chunk: a compressor that receives the end together
 * with a chunk may write different bytes, and that would depend on timing. Chunks of the source may be in reused memory,
 * because each is consumed before the next one is asked for.
 *
 * @param memory with `reused` each chunk is freed once the second one after it is asked for: its memory does not wait for
 * the garbage collector, which would take a third of a build's time
 */
export async function* through(stream: ZlibStream, source: Bytes, memory: Memory): AsyncGenerator<Uint8Array> {
  // errors are thrown where the output is read; after the reader has left, they are ignored
  stream.on("error", () => {});
  const fed = feed(stream, source).catch((error: unknown) => stream.destroy(error as Error));
  const held: Buffer[] = [];
  try {
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      if (memory === "reused") {
        held.push(chunk);
        if (held.length > 2) release(held.shift() as Buffer);
      }
      yield chunk;
    }
  } finally {
    stream.destroy();
    await fed;
  }
}

async function feed(stream: ZlibStream, source: Bytes): Promise<void> {
  // a stream that is destroyed while it works never calls back
  const closed = once(stream, "close").catch(() => {});
  for await (const chunk of source) {
    if (chunk.length === 0) continue;
    // it calls back once it has consumed the chunk
    const consumed = new Promise<void>((resolve, reject) => stream.write(chunk, (error) => (error ? reject(error) : resolve())));
    await Promise.race([closed, consumed]);
    if (stream.destroyed) return;
  }
  stream.end();
}

// the stream does not touch a block of output again once it is full
function release({ buffer, byteOffset, length }: Buffer): void {
  if (byteOffset + length === buffer.byteLength) (buffer as ArrayBuffer).transfer(0);
}
