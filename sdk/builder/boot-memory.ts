import { bootMemoryMiB, initrdMemory } from "../archive/initrd-memory.ts";
import type { OnProgress } from "../core/progress.ts";
import type { Content } from "../format/parts.ts";

/** The memory of a machine that nobody says anything about: more than that is worth a line that stays. */
const USUAL_MIB = 256;

/**
 * The memory, in MiB, that booting an initramfs takes, and a line that says so; undefined when it is packed in a way
 * that only the kernel knows.
 *
 * @param archives what is joined to the initrd
 */
export async function bootMemory(archives: readonly Content[], onProgress: OnProgress | undefined): Promise<number | undefined> {
  const image = { packed: 0, unpacked: 0 };
  for (const archive of archives) {
    // what was made here is not unpacked again only to be measured
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
  const instead = large ? ": kernel+squashfs, kernel+erofs and the CDs iso-bios and iso-efi keep the root on a disk" : "";
  onProgress?.({
    stage: "build",
    message: `an initramfs of this system boots in about ${enough} MiB of memory (${packed} packed, ${unpacked} unpacked), and what its services use${instead}`,
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
