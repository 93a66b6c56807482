import { SETTINGS, type SettingName } from "../../hardening/profile.ts";
import type { Json } from "../../core/json.ts";
import { present, type Rule, type Rules } from "../rule.ts";

/** Values that switch a protection off, by the word (Linux, admin-guide/kernel-parameters.txt). */
const OFF: Readonly<Record<string, readonly string[]>> = {
  ...Object.fromEntries(
    [
      "spectre_v2",
      "spectre_v2_user",
      "spec_store_bypass_disable",
      "l1tf",
      "mds",
      "tsx_async_abort",
      "mmio_stale_data",
      "retbleed",
      "srbds",
      "gather_data_sampling",
      "reg_file_data_sampling",
      "spec_rstack_overflow",
      "indirect_target_selection",
      "tsa",
      "rodata",
    ].map((name) => [name, ["off"]]),
  ),
  kpti: ["0"],
  ssbd: ["force-off"],
  tsx: ["on"],
  apparmor: ["0"],
  selinux: ["0"],
  enforcing: ["0"],
  ima_appraise: ["off", "log", "fix"],
  audit: ["0", "off"],
  iomem: ["relaxed"],
};

const WORD: Pick<Rule, "noun" | "value"> = {
  noun: ({ name }) => `kernel parameter ${name}`,
  value: (value) => (value === "" ? undefined : String(value)),
};

/** Rules on the words of the kernel's command line. */
export const COMMAND_LINE_RULES: Rules = {
  cmdline: {
    ...WORD,
    rank: (value, { name }) => hardeningLost(parameter(name), value),
    why: { widens: "the Kernel Self Protection Project advises against it", narrows: "the Kernel Self Protection Project recommends it" },
  },
  protection: {
    ...WORD,
    rank: (value, { name }) => (value !== undefined && OFF[parameter(name)]?.includes(lastOf(value)) ? 1 : 0),
    why: { widens: "it switches a protection of the kernel off", narrows: "it no longer switches a protection of the kernel off" },
  },
  "first-program": {
    ...WORD,
    rank: present,
    why: { widens: "another program than the machine's own runs first", narrows: "the machine's own program runs first" },
  },
};

/** The rule of a word by its name. */
export function wordRule(name: string): string {
  if (/^(?:rd)?init$/.test(name)) return "first-program";
  return Object.hasOwn(OFF, parameter(name)) ? "protection" : "cmdline";
}

/** The kernel reads - in a name as _ (kernel/params.c, `parameq`). */
export function parameter(name: string): string {
  return name.replaceAll("-", "_");
}

/** 1 where a word weakens the kernel, below 0 where it hardens it. */
function hardeningLost(name: string, value: Json | undefined): number {
  const setting = Object.hasOwn(SETTINGS, name) ? SETTINGS[name as SettingName] : undefined;
  if (setting === undefined || value === undefined) return 0;
  if (setting.kind === "absent") return 1;
  if (setting.kind !== "cmdline") return 0;
  const { strict = "", default: usual } = setting;
  return lastOf(value) === strict ? -2 : lastOf(value) === usual ? -1 : 1;
}

/** Of a word that is there several times, the last counts. */
function lastOf(value: Json): string {
  return String(value).split(" ").at(-1) ?? "";
}
