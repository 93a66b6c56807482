import { present } from "../core/present.ts";
import { zeroes } from "../core/zero.ts";
import { readExtent } from "./extent.ts";
import type { Sized } from "./uki.ts";

/** Slots are multiples of this many bytes: the block in which clouds store and compare disks. */
export const SLOT_BYTES = 512 << 10;

/** Bytes of a segment's slot on disk: its size and an eighth, rounded up, so that a small change does not move later segments. */
export function slotBytes(size: number): number {
  return Math.ceil((size + size / 8) / SLOT_BYTES) * SLOT_BYTES;
}

/**
 * Segments one after the other, each in its slot, the last without padding. The kernel skips zeroes between the archives
 * of an initramfs, so it unpacks the same tree.
 */
export function slotted(segments: readonly Sized[]): Sized {
  const room = segments.map(({ size }, index) => (index < segments.length - 1 ? slotBytes(size) : size));
  return {
    size: room.reduce((sum, bytes) => sum + bytes, 0),
    body: {
      async *[Symbol.asyncIterator]() {
        for (const [index, { size, body }] of segments.entries()) {
          yield* readExtent({ offset: 0, length: size, source: body });
          yield* zeroes(present(room[index]) - size);
        }
      },
    },
  };
}
