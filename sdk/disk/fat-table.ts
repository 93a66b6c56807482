import { present } from "../core/present.ts";
import type { FatType } from "./fat-geometry.ts";

/** The consecutive clusters of one file or directory. */
export interface Run {
  readonly first: number;
  readonly count: number;
}

const CHUNK = 1 << 16;

/**
 * The first `length` bytes of a file allocation table whose chains are `runs`, in order of cluster. Each entry names
 * the next cluster of its chain; the rest is zero: free (Microsoft FAT specification 1.03, section 4).
 */
export function* tableChunks(type: FatType, runs: readonly Run[], length: number): Generator<Buffer> {
  const width = type / 8;
  const end = type === 16 ? 0xffff : 0x0fffffff;
  let run = 0;
  for (let start = 0; start < length; start += CHUNK) {
    const chunk = Buffer.alloc(Math.min(CHUNK, length - start));
    const base = start / width;
    const put = (cluster: number, value: number) =>
      type === 16 ? chunk.writeUInt16LE(value, (cluster - base) * 2) : chunk.writeUInt32LE(value, (cluster - base) * 4);
    if (start === 0) {
      // the media byte, then the flags of a cleanly unmounted volume
      put(0, end - 7);
      put(1, end);
    }
    const stop = base + chunk.length / width;
    for (; run < runs.length; run++) {
      const { first, count } = present(runs[run]);
      for (let cluster = Math.max(first, base); cluster < Math.min(first + count, stop); cluster++)
        put(cluster, cluster === first + count - 1 ? end : cluster + 1);
      if (first + count > stop) break;
    }
    yield chunk;
  }
}
