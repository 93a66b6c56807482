import { type DebianImage, debianImageSchema } from "../../definition/debian-image.ts";
import { fields } from "../../definition/fields.ts";
import { checked, debianImage } from "./arguments.ts";

const { flavour, modules } = debianImageSchema.shape.debian.shape;
/** The schema of {@link KernelArgs}. */
export const kernelSchema = fields({ flavour, modules });

/** Arguments of `debian.kernel`. */
export interface KernelArgs {
  /** `cloud` has the drivers of virtual hardware only, `generic` those of real hardware too. @default "cloud" */
  readonly flavour?: "cloud" | "generic" | undefined;
  /**
   * Names of additional modules, whose dependencies are added.
   * @default those that QEMU, AWS, GCP and Azure need
   * @example ["tun", "wireguard"]
   */
  readonly modules?: readonly string[] | undefined;
}

/**
 * Debian's kernel, the newest one when it is locked, with the modules that QEMU, AWS, GCP and Azure need.
 *
 * @param args `flavour`: `cloud` (default) only has drivers of virtual hardware, `generic` has those of real hardware too;
 * `modules`: names of additional modules, whose dependencies are added
 */
export function kernel(args: KernelArgs = {}): DebianImage {
  const { flavour = "cloud", modules } = checked("debian.kernel", kernelSchema, args);
  return debianImage({ role: "kernel", flavour, ...(modules && { modules }) });
}
