import { bootMemoryMiB, initrdMemory } from "../archive/initrd-memory.ts";
import type { OnProgress } from "../core/progress.ts";
import type { Content } from "../format/parts.ts";

/** The default memory of a machine. A system that needs more is reported with a lasting line. */
const USUAL_MIB = 256;

/**
 * Estimates and reports the memory, in MiB, that an initramfs takes to boot. Undefined if its compression cannot be
 * read here.
 *
 * @param archives the archives that are joined to the initrd
 */
export async function bootMemory(archives: readonly Content[], onProgress: OnProgress | undefined): Promise<number | undefined> {
  const image = { packed: 0, unpacked: 0 };
  for (const archive of archives) {
    // segments made here know their unpacked size
    const memory =
      archive.unpacked === undefined
        ? await initrdMemory((offset) => from(archive, offset))
        : { packed: archive.size, unpacked: archive.unpacked };
    if (!memory) return undefined;
    image.packed += memory.packed;
    image.unpacked += memory.unpacked;
  }
  const { enough } = bootMemoryMiB(image);
  const [packed, unpacked] = [image.packed, image.unpacked].map((bytes) => Math.ceil(bytes / (1 << 20)));
  const large = enough > USUAL_MIB;
  const instead = large ? "; to use less, keep the root on a disk: kernel+squashfs, kernel+erofs, iso-bios or iso-efi" : "";
  onProgress?.({
    stage: "build",
    message: `as an initramfs, this system needs about ${enough} MiB of memory to boot (${packed} packed, ${unpacked} unpacked), plus what its services use${instead}`,
    lasting: large,
  });
  return enough;
}

async function* from({ open }: Content, offset: number): AsyncGenerator<Uint8Array> {
  let left = offset;
  for await (const chunk of open()) {
    if (chunk.length > left) yield chunk.subarray(left);
    left = Math.max(0, left - chunk.length);
  }
}
