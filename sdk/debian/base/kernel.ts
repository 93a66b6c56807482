import type { z } from "zod";
import { type DebianImage, debianImageSchema } from "../../definition/debian-image.ts";
import { fields } from "../../definition/fields.ts";
import { checked, debianImage } from "./arguments.ts";

const { flavour, modules } = debianImageSchema.shape.debian.shape;
const schema = fields({ flavour, modules });

/** Arguments of `debian.kernel`. */
export type KernelArgs = z.input<typeof schema>;

/**
 * Debian's kernel, the newest one when it is locked, with the modules that QEMU, AWS, GCP and Azure need.
 *
 * @param args `flavour`: `cloud` (default) only has drivers of virtual hardware, `generic` has those of real hardware too;
 * `modules`: names of additional modules, whose dependencies are added
 */
export function kernel(args: KernelArgs = {}): DebianImage {
  const { flavour = "cloud", modules } = checked("debian.kernel", schema, args);
  return debianImage({ role: "kernel", flavour, ...(modules && { modules }) });
}
