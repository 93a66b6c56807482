import { LinuxKitError } from "../core/errors.ts";
import { signProgram } from "../disk/secure-boot.ts";
import { SLOT_BYTES, slotted } from "../disk/slot.ts";
import { type Sized, unifiedKernelImage } from "../disk/uki.ts";
import { efiNames } from "./loaders.ts";
import type { Content, Parts } from "./parts.ts";

/** Most initrd files that a loader is given; more archives are joined to as many. */
const MOST_ARCHIVES = 64;

/** A kernel and its initramfs, as a disk holds them. */
export interface BootParts {
  readonly kernel: Sized;
  readonly segments: readonly Sized[];
}

/**
 * The kernel and initramfs among the parts of an OS.
 *
 * @throws INVALID_DEFINITION without a kernel
 */
export function bootParts({ kernel, archives = [] }: Parts): BootParts {
  if (!kernel)
    throw new LinuxKitError(
      "INVALID_DEFINITION",
      "kernel: missing, and a disk needs one to boot: add kernel: new Kernel({ image: debian.kernel() })",
      { path: "kernel" },
    );
  const sized = archives.map(sizedOf);
  const perPiece = Math.ceil(sized.length / MOST_ARCHIVES);
  const pieces =
    perPiece <= 1
      ? sized
      : Array.from({ length: Math.ceil(sized.length / perPiece) }, (_, index) =>
          slotted(sized.slice(index * perPiece, (index + 1) * perPiece)),
        );
  return { kernel: sizedOf(kernel), segments: pieces };
}

/** The unsigned EFI program of kernel, initrd and command line. @throws as {@link bootParts} and `unifiedKernelImage` */
export function wholeProgram(parts: Parts): Sized {
  const { kernel, segments } = bootParts(parts);
  return unifiedKernelImage({
    stub: parts.loader(efiNames(parts.arch).stub),
    kernel,
    initrd: slotted(segments),
    cmdline: parts.cmdline,
    align: SLOT_BYTES,
  });
}

/** {@link wholeProgram}, signed if the parts have a signer. */
export async function efiProgram(parts: Parts): Promise<Sized> {
  const program = wholeProgram(parts);
  return parts.signer ? signProgram(program, parts.signer) : program;
}

/** Content that several writers can read, each from its start. A reader copies the chunks that it keeps. */
function sizedOf({ size, open }: Content): Sized {
  return {
    size,
    body: {
      async *[Symbol.asyncIterator]() {
        yield* open("reused");
      },
    },
  };
}
