import { createHash } from "node:crypto";
import { present } from "../../sdk/core/present.ts";
import { bytesAt, type Disk, makeDisk } from "../../sdk/disk/extent.ts";

/** Incompressible bytes, the same for each `salt`. */
export function noise(size: number, salt = ""): Buffer {
  const bytes = Buffer.alloc(size);
  let block = createHash("sha512").update(salt).digest();
  for (let at = 0; at < size; at += block.length) {
    block.copy(bytes, at);
    block = createHash("sha512").update(block).digest();
  }
  return bytes;
}

const MIB = 1 << 20;
const words = Buffer.from("a line of text that compresses well\n".repeat(40_000));

/** Disks with content that a sparse, compressing writer can get wrong; sizes in whole MiB. */
export const DISKS: readonly { readonly name: string; readonly disk: Disk }[] = [
  { name: "an empty disk", disk: makeDisk(4 * MIB, []) },
  { name: "one byte at the very end", disk: makeDisk(8 * MIB, [bytesAt(8 * MIB - 1, Buffer.from("z"))]) },
  { name: "text", disk: makeDisk(8 * MIB, [bytesAt(12_345, words)]) },
  { name: "noise", disk: makeDisk(8 * MIB, [bytesAt(0, noise(3 * MIB)), bytesAt(4 * MIB, noise(70_000, "b"))]) },
  {
    name: "text, noise and zeroes in turn",
    disk: makeDisk(
      40 * MIB,
      Array.from({ length: 40 }, (_, index) =>
        bytesAt(
          index * MIB,
          present([words.subarray(0, 300_000), noise(200_000, `${index}`), Buffer.alloc(100_000), Buffer.from("x")][index % 4]),
        ),
      ),
    ),
  },
  {
    name: "one MiB here and there on 3 GiB",
    disk: makeDisk(3072 * MIB, [bytesAt(0, noise(MIB)), bytesAt(1111 * MIB, words.subarray(0, MIB)), bytesAt(3071 * MIB, noise(MIB, "c"))]),
  },
];
