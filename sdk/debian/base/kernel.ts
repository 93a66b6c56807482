import type { z } from "zod";
import { type DebianImage, debianImageSchema } from "../../definition/debian-image.ts";
import { fields } from "../../definition/fields.ts";
import { checked, debianImage } from "./arguments.ts";

const { flavour, modules } = debianImageSchema.shape.debian.shape;
const schema = fields({ flavour, modules });

/** Arguments of `debian.kernel`. */
export type KernelArgs = z.input<typeof schema>;

/**
 * Debian's kernel, newest at the time of locking, with the modules that QEMU, AWS, GCP and Azure need.
 *
 * @param args `flavour`: `cloud` (default) has drivers of virtual hardware only, `generic` those of real machines too;
 * `modules`: more of them, by name; what they depend on comes along
 */
export function kernel(args: KernelArgs = {}): DebianImage {
  const { flavour = "cloud", modules } = checked("debian.kernel", schema, args);
  return debianImage({ role: "kernel", flavour, ...(modules && { modules }) });
}
