import type { Arch } from "../core/arch.ts";
import { wordOf } from "./command-line.ts";
import { inertReason, type KernelConfig, parseKernelConfig } from "./kernel-config.ts";
import { KERNEL_OPTIONS, type KernelOption } from "./kernel-options.ts";
import { type Hardening, isFor, SETTING_NAMES, SETTINGS, type SettingName, wantedValue } from "./profile.ts";
import type { Setting } from "./setting.ts";

/** `inert`: it is set, and this kernel has nothing that it could set. */
export type HardeningState = "on" | "off" | "inert" | "waived";

/** One thing that the Kernel Self Protection Project asks for, and what an OS has of it. */
export interface HardeningRow {
  /** The setting's name, or an option of the kernel's configuration with `CONFIG_`. */
  readonly name: string;
  readonly kind: Setting["kind"] | "kernel";
  /** What is asked for, as one writes it: `init_on_free=1`, `kernel.sysrq=0`, `CONFIG_KFENCE=y`, `no nokaslr`. */
  readonly wanted: string;
  readonly state: HardeningState;
  /** Why it is not on, or what is in the place of a kernel's option. */
  readonly because?: string;
}

/** How many rows have each state. */
export type HardeningScore = Readonly<Record<HardeningState, number>>;

export interface HardeningReport {
  readonly profile: Hardening["profile"] | "none";
  readonly arch: Arch;
  /** The kernel's version; `undefined` where its configuration is not known. */
  readonly kernel: string | undefined;
  readonly rows: readonly HardeningRow[];
  /** What can be set without building a kernel. */
  readonly settings: HardeningScore;
  /** What the kernel was built with; all zero where that is not known. */
  readonly options: HardeningScore;
}

export interface HardeningFacts {
  readonly arch: Arch;
  /** What the user wrote for the kernel's command line. */
  readonly cmdline: string;
  readonly harden?: Hardening | undefined;
  /** The text of the kernel's configuration. Without it nothing is known to be inert, and its options are left out. */
  readonly config?: string | undefined;
}

/** Joins what is set with what the kernel can do: every setting and option once, in the order of the tables. */
export function hardeningReport(facts: HardeningFacts): HardeningReport {
  const kernel = facts.config === undefined ? undefined : parseKernelConfig(facts.config);
  const settings = SETTING_NAMES.filter((name) => isFor(SETTINGS[name], facts.arch)).map((name) => settingRow(name, facts, kernel));
  const inForce = new Set(settings.filter(({ state }) => state === "on").map(({ name }) => name));
  const options = kernel
    ? KERNEL_OPTIONS.filter((option) => isFor(option, facts.arch)).map((option) => optionRow(option, kernel, inForce))
    : [];
  return {
    profile: facts.harden?.profile ?? "none",
    arch: facts.arch,
    kernel: kernel?.version,
    rows: [...settings, ...options],
    settings: scoreOf(settings),
    options: scoreOf(options),
  };
}

function settingRow(name: SettingName, { cmdline, harden }: HardeningFacts, kernel: KernelConfig | undefined): HardeningRow {
  const setting = SETTINGS[name];
  const row = { name, kind: setting.kind, wanted: wantedText(name, setting) };
  const reason = harden?.waive[name];
  if (reason !== undefined) return { ...row, state: "waived", because: reason };
  const words = cmdline.split(/\s+/);
  if (setting.kind === "absent") {
    const found = words.find((word) => word.split("=")[0] === name);
    return found === undefined ? { ...row, state: "on" } : { ...row, state: "off", because: `kernel.cmdline has ${found}` };
  }
  const written = setting.kind === "cmdline" ? words.find((word) => word.split("=")[0] === name) : undefined;
  const value = harden && wantedValue(name, harden);
  const has = written ?? (value === undefined ? undefined : wordOf(name, value));
  const strict = wordOf(name, setting.strict ?? "");
  if (has !== strict) return { ...row, state: "off", because: whyOff(setting, harden, has) };
  const inert = kernel && inertReason(setting, kernel);
  return inert === undefined ? { ...row, state: "on" } : { ...row, state: "inert", because: inert };
}

function whyOff({ costs }: Setting, harden: Hardening | undefined, has: string | undefined): string {
  if (has !== undefined) return `it is ${has}${costs ? `: ${costs}` : ""}`;
  return harden ? `not in the profile "${harden.profile}"${costs ? `: ${costs}` : ""}` : "the image has no harden";
}

function wantedText(name: SettingName, { kind, strict = "" }: Setting): string {
  if (kind === "absent") return `no ${name}`;
  return kind === "console" ? "no shell on the console" : wordOf(name, strict);
}

function optionRow({ names, wanted, instead }: KernelOption, kernel: KernelConfig, inForce: ReadonlySet<string>): HardeningRow {
  const [first = ""] = names;
  const row = { name: `CONFIG_${first}`, kind: "kernel" as const, wanted: `CONFIG_${first}=${wanted}` };
  // what is not wanted may not be there under any of its names
  const has = wanted === "n" ? names.every((name) => kernel.value(name) === "n") : names.some((name) => kernel.value(name) === wanted);
  if (has) return { ...row, state: "on" };
  if (instead && inForce.has(instead)) return { ...row, state: "on", because: `by ${instead}` };
  const value = kernel.value(first);
  return { ...row, state: "off", because: `it is ${value}${instead ? `; ${instead} would do the same` : ""}` };
}

function scoreOf(rows: readonly HardeningRow[]): HardeningScore {
  const count = (state: HardeningState): number => rows.filter((row) => row.state === state).length;
  return { on: count("on"), off: count("off"), inert: count("inert"), waived: count("waived") };
}
