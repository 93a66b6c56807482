import type { Bytes } from "../../core/bytes.ts";
import { LinuxKitError } from "../../core/errors.ts";

/** How many resources an image's layers may use while they are flattened. */
export interface FlattenLimits {
  /** Members of all layers together. @default 1_000_000 */
  readonly entries: number;
  /** Bytes of all layers together, uncompressed. @default 64 GiB */
  readonly bytes: number;
  /** How many times its compressed size a layer may expand to, beyond {@link free}. @default 100 */
  readonly ratio: number;
  /** Bytes that a layer may expand to whatever its compressed size: layers of zeroes are common, and small ones harmless. @default 1 GiB */
  readonly free: number;
  /** Bytes of names, link targets and extended attributes of all layers together, which are held in memory. @default 256 MiB */
  readonly metadataBytes: number;
}

export const DEFAULT_LIMITS: FlattenLimits = {
  entries: 1_000_000,
  bytes: 64 * 2 ** 30,
  ratio: 100,
  free: 2 ** 30,
  metadataBytes: 256 << 20,
};

/** Counts what an image's layers use, and throws HOSTILE_ARCHIVE above its limits. */
export interface LayerMeter {
  /** Passes a layer's uncompressed bytes through and counts them. `size` is the layer's compressed size in bytes. */
  bytes(source: Bytes, size: number, what: string): AsyncGenerator<Uint8Array>;
  /** Counts one member, with the bytes of its name, link target and attributes. */
  entry(metadataBytes: number, what: string): void;
}

/** Creates a meter for one image. */
export function createLayerMeter(limits: FlattenLimits): LayerMeter {
  let entries = 0;
  let metadata = 0;
  let total = 0;
  return {
    async *bytes(source, size, what) {
      const most = Math.max(limits.free, size * limits.ratio);
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
