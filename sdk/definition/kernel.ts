import type { Input } from "@pulumi/pulumi/output.js";
import { z } from "zod";
import { throwFailures } from "../core/failure.ts";
import { failuresOf } from "./failures-of.ts";
import { fields, text, treePath, word } from "./fields.ts";
import { type ImageSource, imageSource } from "./debian-image.ts";
import { frozenCopy, type Inputs } from "./inputs.ts";

/** Arguments of {@link Kernel}. */
export interface KernelArgs {
  /** The image that holds the kernel: `debian.kernel()`, or a LinuxKit kernel image. @example "linuxkit/kernel:6.6.71" */
  readonly image: Inputs<ImageSource>;
  /** The kernel's command line. @default "" @example "console=ttyS0" */
  readonly cmdline?: Input<string | undefined>;
  /** Path of the kernel in the image. @default "kernel" @example "boot/vmlinuz" */
  readonly binary?: Input<string | undefined>;
  /** Path in the image of a tar that is unpacked at the root, with the modules; `none` for none. @default "kernel.tar" @example "none" */
  readonly tar?: Input<string | undefined>;
  /** Path in the image of a cpio with microcode; `""` for none. @default "" @example "intel-ucode.cpio" */
  readonly ucode?: Input<string | undefined>;
}

/** The schema of {@link KernelArgs}. */
export const kernelSchema = fields({
  image: imageSource,
  cmdline: text.refine((line) => !line.includes("\n"), "one line").optional(),
  binary: word.optional(),
  tar: z.union([treePath, z.literal("")], { error: 'a path in the image, or "none"' }).optional(),
  ucode: z.union([treePath, z.literal("")], { error: "a path in the image" }).optional(),
});

/** The kernel of an OS. At most one is in an image. */
export class Kernel {
  /** What tells this class from the others. */
  readonly kind = "kernel";
  /** The arguments as they were given, frozen. */
  readonly spec: KernelArgs;

  /** @throws INVALID_DEFINITION */
  constructor(args: KernelArgs) {
    throwFailures(failuresOf(kernelSchema, args, ["kernel"]));
    this.spec = frozenCopy(args);
  }
}
