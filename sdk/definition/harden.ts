import type { HardenArgs } from "./hardening.ts";
import type { Image } from "./image.ts";

/**
 * An OS whose host is hardened by a profile: the same as `image.with({ harden })`. The command line and the kernel
 * parameters of the Kernel Self Protection Project are set, the kernel takes no module once the tasks at boot have
 * ended, and there is no shell on the console. What a service needs and a setting forbids is refused until the setting
 * is waived, with a reason.
 *
 * @throws INVALID_DEFINITION naming each conflict
 */
export function harden(image: Image, args: HardenArgs = {}): Image {
  return image.with({ harden: args });
}
