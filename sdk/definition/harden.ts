import type { HardenArgs } from "./hardening.ts";
import type { Image } from "./image.ts";

/**
 * An OS whose host is hardened by a profile: the same as `image.with({ harden })`. The command line and the kernel
 * parameters of the Kernel Self Protection Project are set, the kernel loads no module after the onboot tasks, and
 * the console has no shell. If a service needs what a setting forbids, the definition is refused until the setting is
 * waived, with a reason.
 *
 * @throws INVALID_DEFINITION naming each conflict
 */
export function harden(image: Image, args: HardenArgs = {}): Image {
  return image.with({ harden: args });
}
