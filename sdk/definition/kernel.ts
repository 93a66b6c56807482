import { z } from "zod";
import { throwFailures } from "../core/failure.ts";
import { failuresOf } from "./failures-of.ts";
import { fields, text, treePath, word } from "./fields.ts";
import { imageSource } from "./container.ts";
import { frozenCopy, type Inputs } from "./inputs.ts";

export const kernelSchema = fields({
  /** The image that holds the kernel: `debian.kernel()`, or a LinuxKit kernel image. */
  image: imageSource,
  /** The kernel's command line. @default "" */
  cmdline: text.refine((line) => !line.includes("\n"), "one line").optional(),
  /** Path of the kernel in the image. @default "kernel" */
  binary: word.optional(),
  /** Path in the image of a tar that is unpacked at the root, with the modules; `none` for none. @default "kernel.tar" */
  tar: z.union([treePath, z.literal("")], { error: 'a path in the image, or "none"' }).optional(),
  /** Path in the image of a cpio with microcode; `""` for none. @default "" */
  ucode: z.union([treePath, z.literal("")], { error: "a path in the image" }).optional(),
});

/** Arguments of {@link Kernel}. */
export type KernelArgs = Inputs<z.input<typeof kernelSchema>>;

/** The kernel of an OS. At most one is in an image. */
export class Kernel {
  readonly kind = "kernel";
  /** The arguments as they were given, frozen. */
  readonly spec: KernelArgs;

  /** @throws INVALID_DEFINITION */
  constructor(args: KernelArgs) {
    throwFailures(failuresOf(kernelSchema, args, ["kernel"]));
    this.spec = frozenCopy(args);
  }
}
