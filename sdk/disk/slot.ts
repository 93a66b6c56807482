import { present } from "../core/present.ts";
import { zeroes } from "../core/zero.ts";
import { readExtent } from "./extent.ts";
import type { Sized } from "./uki.ts";

/** What slots are multiples of: the block in which clouds store and compare disks. */
export const SLOT_BYTES = 512 << 10;

/** The room of a segment on disk: its size and an eighth, rounded up, so that a small change moves nothing after it. */
export function slotBytes(size: number): number {
  return Math.ceil((size + size / 8) / SLOT_BYTES) * SLOT_BYTES;
}

/**
 * Segments one after the other, each in its slot. The kernel skips zeroes between the archives of an initramfs, so this
 * is an initramfs as good as the segments without room between them; the last one ends where it ends.
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
