import { padding } from "../archive/cpio-header.ts";
import type { SegmentStore } from "../cache/segment-store.ts";
import type { Content } from "../format/parts.ts";
import { jointArchive, joints } from "./joint.ts";
import type { PreparedSegment } from "./prepare.ts";

/**
 * The initrd: segments end to end, as the kernel takes them, with a joint where one is needed. Each is verified while
 * it is read.
 */
export async function joinSegments(segments: readonly PreparedSegment[], store: SegmentStore): Promise<Content> {
  const pieces: Content[] = [];
  const before = joints(segments);
  for (const [at, segment] of segments.entries()) {
    const entries = before[at] ?? [];
    if (entries.length > 0) {
      const joint = await jointArchive(entries);
      pieces.push({ size: joint.length, open: () => [joint] });
    }
    pieces.push({ size: segment.size, open: (memory) => store.open(segment, memory) });
  }
  return {
    size: pieces.reduce((total, { size }) => total + size, 0),
    async *open(memory) {
      for (const piece of pieces) yield* piece.open(memory);
    },
  };
}

/**
 * The initrd with microcode before it: an archive of its own, not compressed, since the kernel looks for it before it
 * can undo anything (Documentation/arch/x86/microcode.rst).
 */
export function afterMicrocode(microcode: Content, initrd: Content): Content {
  const pad = padding(microcode.size);
  return {
    size: microcode.size + pad + initrd.size,
    async *open(memory) {
      yield* microcode.open(memory);
      yield new Uint8Array(pad);
      yield* initrd.open(memory);
    },
  };
}
