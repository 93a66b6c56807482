import type { Input } from "@pulumi/pulumi/output.js";
import { z } from "zod";
import { SETTING_NAMES, type SettingName } from "../hardening/profile.ts";
import { PROFILES, type Profile } from "../hardening/setting.ts";
import { fields, word } from "./fields.ts";

const waivers = z.partialRecord(z.enum(SETTING_NAMES), word, {
  error: ({ code }) => ((code as string) === "unrecognized_keys" ? undefined : "an object: the setting's name and the reason"),
});

/** How the machine is hardened, as a program's arguments. */
export interface HardenArgs {
  /**
   * `default`: the Kernel Self Protection Project's recommendations that cost almost nothing. `strict`: all of them.
   * @default "default"; in `with` the image's profile
   */
  readonly profile?: Input<Profile | undefined>;
  /** Settings that keep the kernel's own value, each with the reason. @default none @example { init_on_free: "costs 4 % here" } */
  readonly waive?: { readonly [Name in SettingName]?: Input<string | undefined> } | undefined;
}

/** The schema of {@link HardenArgs}. */
export const hardeningSchema = fields({
  profile: z.enum(PROFILES).optional(),
  waive: waivers.optional(),
});
