import { z } from "zod";
import { SETTING_NAMES } from "../hardening/profile.ts";
import { PROFILES } from "../hardening/setting.ts";
import { fields, word } from "./fields.ts";
import type { Inputs } from "./inputs.ts";

const waivers = z.partialRecord(z.enum(SETTING_NAMES), word, {
  error: ({ code }) => ((code as string) === "unrecognized_keys" ? undefined : "an object: the setting's name and the reason"),
});

/** How the host is hardened. */
export const hardeningSchema = fields({
  /**
   * `default`: what the Kernel Self Protection Project asks for and costs next to nothing. `strict`: all of it.
   * @default "default"; in `with` what the image has
   */
  profile: z.enum(PROFILES).optional(),
  /** Settings that are left as the kernel has them, each with the reason: `{ init_on_free: "costs 4 % here" }`. @default none */
  waive: waivers.optional(),
});

/** What hardens the host, as a program gives it. */
export type HardenArgs = Inputs<z.input<typeof hardeningSchema>>;
