import { z } from "zod";
import { SETTING_NAMES } from "../hardening/profile.ts";
import { PROFILES } from "../hardening/setting.ts";
import { fields, word } from "./fields.ts";
import type { Inputs } from "./inputs.ts";

const waivers = z.partialRecord(z.enum(SETTING_NAMES), word, {
  error: ({ code }) => ((code as string) === "unrecognized_keys" ? undefined : "an object: the setting's name and the reason"),
});

/** How the machine is hardened. */
export const hardeningSchema = fields({
  /**
   * `default`: the Kernel Self Protection Project's recommendations that cost almost nothing. `strict`: all of them.
   * @default "default"; in `with` the image's profile
   */
  profile: z.enum(PROFILES).optional(),
  /** Settings that keep the kernel's own value, each with the reason: `{ init_on_free: "costs 4 % here" }`. @default none */
  waive: waivers.optional(),
});

/** How the machine is hardened, as a program's arguments. */
export type HardenArgs = Inputs<z.input<typeof hardeningSchema>>;
