import { unpackedBytes } from "../archive/initrd-memory.ts";
import { padding } from "../archive/cpio-header.ts";
import type { SegmentStore } from "../cache/segment-store.ts";
import type { Content } from "../format/parts.ts";
import { fixupArchive, segmentFixups } from "./segment-fixups.ts";
import type { PreparedSegment } from "./prepare.ts";

/**
 * The initrd's archives: each segment, preceded by a fixup archive if it needs one. The kernel reads the concatenation
 * as one initrd. Each segment is verified while it is read.
 */
export async function joinSegments(segments: readonly PreparedSegment[], store: SegmentStore): Promise<Content[]> {
  const pieces: Content[] = [];
  const before = segmentFixups(segments);
  for (const [at, segment] of segments.entries()) {
    const entries = before[at] ?? [];
    const { unpacked } = segment.paths;
    const content: Content = {
      size: segment.size,
      ...(unpacked !== undefined && { unpacked }),
      open: (memory) => store.open(segment, memory),
    };
    if (entries.length > 0) {
      const fixups = await fixupArchive(entries);
      pieces.push(endToEnd([{ size: fixups.length, unpacked: entries.length * unpackedBytes(0), open: () => [fixups] }, content]));
    } else pieces.push(content);
  }
  return pieces;
}

/** The concatenation of contents. */
export function endToEnd(pieces: readonly Content[]): Content {
  const known = pieces.flatMap(({ unpacked }) => unpacked ?? []);
  return {
    size: pieces.reduce((total, { size }) => total + size, 0),
    ...(known.length === pieces.length && { unpacked: known.reduce((total, unpacked) => total + unpacked, 0) }),
    async *open(memory) {
      for (const piece of pieces) yield* piece.open(memory);
    },
  };
}

/**
 * The microcode archive, which precedes all others. It is not compressed, because the kernel reads it before it can
 * decompress (Documentation/arch/x86/microcode.rst).
 */
export function microcodeArchive(microcode: Content): Content {
  const pad = new Uint8Array(padding(microcode.size));
  return endToEnd([microcode, { size: pad.length, open: () => [pad] }]);
}
