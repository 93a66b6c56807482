import type { Bytes } from "../../core/bytes.ts";
import { LinuxKitError } from "../../core/errors.ts";

/** How much a stack of layers may ask of the machine that flattens it. */
export interface FlattenLimits {
  /** Members of all layers together. @default 1_000_000 */
  readonly entries: number;
  /** Bytes of all layers together, uncompressed. @default 64 GiB */
  readonly bytes: number;
  /** How many times its compressed size a layer may expand to, beyond its first 64 MiB. @default 100 */
  readonly ratio: number;
  /** Bytes of names, link targets and extended attributes, which are held in memory. @default 256 MiB */
  readonly metadataBytes: number;
}

export const DEFAULT_LIMITS: FlattenLimits = { entries: 1_000_000, bytes: 64 * 2 ** 30, ratio: 100, metadataBytes: 256 << 20 };

// small layers of zeroes compress very well and hurt nobody
const RATIO_FREE = 64 << 20;

/** Counts what a stack of layers uses up, and refuses more than its limits. */
export interface Budget {
  /** Passes a layer's uncompressed bytes through. `size` is the layer's compressed size. */
  bytes(source: Bytes, size: number, what: string): AsyncGenerator<Uint8Array>;
  /** Counts one member, with the bytes of its names and attributes. */
  entry(metadataBytes: number, what: string): void;
}

/** A fresh budget. What exceeds it is refused with HOSTILE_ARCHIVE. */
export function createBudget(limits: FlattenLimits): Budget {
  let entries = 0;
  let metadata = 0;
  let total = 0;
  return {
    async *bytes(source, size, what) {
      const most = Math.max(RATIO_FREE, size * limits.ratio);
      let expanded = 0;
      for await (const chunk of source) {
        expanded += chunk.length;
        total += chunk.length;
        if (expanded > most) throw hostile(what, `expands to more than ${limits.ratio} times its ${size} bytes: a decompression bomb`);
        if (total > limits.bytes) throw hostile(what, `more than ${limits.bytes} bytes with the layers below it`);
        yield chunk;
      }
    },
    entry(metadataBytes, what) {
      entries++;
      metadata += metadataBytes;
      if (entries > limits.entries) throw hostile(what, `more than ${limits.entries} members with the layers below it`);
      if (metadata > limits.metadataBytes)
        throw hostile(what, `more than ${limits.metadataBytes} bytes of names and attributes with the layers below it`);
    },
  };
}

function hostile(what: string, why: string): LinuxKitError {
  return new LinuxKitError("HOSTILE_ARCHIVE", `${what}: ${why}`, { path: what });
}
