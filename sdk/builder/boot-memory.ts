import { bootMemoryMiB, type InitrdMemory, initrdMemory, unpackedBytes } from "../archive/initrd-memory.ts";
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
  return told(
    image,
    "; to use less, keep the root packed in memory: kernel+squashfs-initrd, or on a disk: kernel+squashfs, kernel+erofs, iso-bios or iso-efi",
    onProgress,
  );
}

/**
 * As {@link bootMemory}, for an initramfs of a first stage and a packed root, which the kernel copies as it is.
 *
 * @param size bytes of the whole initramfs
 */
export function packedRootMemory(
  stage1: { readonly size: number; readonly unpacked: number },
  size: number,
  onProgress: OnProgress | undefined,
): number {
  const image = { packed: size, unpacked: stage1.unpacked + unpackedBytes(size - stage1.size) };
  return told(image, "; to use less, keep the root on a disk: kernel+squashfs, kernel+erofs, iso-bios or iso-efi", onProgress);
}

/** Reports what an image needs, with what to do where that is much. @returns MiB */
function told(image: InitrdMemory, instead: string, onProgress: OnProgress | undefined): number {
  const { enough } = bootMemoryMiB(image);
  const [packed, unpacked] = [image.packed, image.unpacked].map((bytes) => Math.ceil(bytes / (1 << 20)));
  const large = enough > USUAL_MIB;
  onProgress?.({
    stage: "build",
    message: `as an initramfs, this system needs about ${enough} MiB of memory to boot (${packed} packed, ${unpacked} unpacked), plus what its services use${large ? instead : ""}`,
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
