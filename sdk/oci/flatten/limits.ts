import type { Bytes } from "../../core/bytes.ts";
import { LinuxKitError } from "../../core/errors.ts";

/** How many resources an image's layers may use while they are unpacked. Each is a whole number of at least 1. */
export interface FlattenLimits {
  /** Members of all layers together. @default 1_000_000 @example 5_000_000 */
  readonly entries?: number | undefined;
  /** Bytes of all layers together, uncompressed. @default 64 GiB @example 200 * 2 ** 30 */
  readonly bytes?: number | undefined;
  /** How many times its compressed size a layer may expand to, beyond `free`. @default 100 @example 1000 */
  readonly ratio?: number | undefined;
  /**
   * Bytes that a layer may expand to whatever its compressed size: layers of zeroes are common, and small ones harmless.
   * @default 1 GiB
   * @example 8 * 2 ** 30
   */
  readonly free?: number | undefined;
  /**
   * Bytes of names, link targets and extended attributes of all layers together, which are held in memory.
   * @default 256 MiB
   * @example 2 ** 30
   */
  readonly metadataBytes?: number | undefined;
}

type Limits = { readonly [K in keyof FlattenLimits]-?: number };

const DEFAULTS: Limits = { entries: 1_000_000, bytes: 64 * 2 ** 30, ratio: 100, free: 2 ** 30, metadataBytes: 256 << 20 };

/** Every limit: those given, and the others by default. */
export function withDefaults(given: FlattenLimits = {}): Limits {
  return { ...DEFAULTS, ...Object.fromEntries(Object.entries(given).filter(([, limit]) => limit !== undefined)) };
}

/** Counts what an image's layers use, and throws HOSTILE_ARCHIVE above its limits. */
export interface LayerMeter {
  /** Passes a layer's uncompressed bytes through and counts them. `size` is the layer's compressed size in bytes. */
  bytes(source: Bytes, size: number, what: string): AsyncGenerator<Uint8Array>;
  /** Counts one member, with the bytes of its name, link target and attributes. */
  entry(metadataBytes: number, what: string): void;
}

/** Creates a meter for one image. */
export function createLayerMeter(limits: Limits): LayerMeter {
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
        if (expanded > most)
          throw hostile(what, `expands to more than ${limits.ratio} times its ${size} bytes: a decompression bomb`, "ratio");
        if (total > limits.bytes) throw hostile(what, `more than ${limits.bytes} bytes with the layers below it`, "bytes");
        yield chunk;
      }
    },
    entry(metadataBytes, what) {
      entries++;
      metadata += metadataBytes;
      if (entries > limits.entries) throw hostile(what, `more than ${limits.entries} members with the layers below it`, "entries");
      if (metadata > limits.metadataBytes)
        throw hostile(what, `more than ${limits.metadataBytes} bytes of names and attributes with the layers below it`, "metadataBytes");
    },
  };
}

function hostile(what: string, why: string, limit: keyof Limits): LinuxKitError {
  return new LinuxKitError("HOSTILE_ARCHIVE", `${what}: ${why}; for an image that you trust, raise limits.${limit} of the build`, {
    path: what,
  });
}
