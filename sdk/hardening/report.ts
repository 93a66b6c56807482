import type { Arch } from "../core/arch.ts";
import { wordOf } from "./command-line.ts";
import { inertReason, type KernelConfig, parseKernelConfig } from "./kernel-config.ts";
import { KERNEL_OPTIONS, type KernelOption } from "./kernel-options.ts";
import { type Hardening, isFor, SETTING_NAMES, SETTINGS, type SettingName, wantedValue } from "./profile.ts";
import type { Setting } from "./setting.ts";

/** `inert`: it is set but has no effect on this kernel. */
export type HardeningState = "on" | "off" | "inert" | "waived";

/** A recommendation of the Kernel Self Protection Project, and its state in an OS. */
export interface HardeningRow {
  /** The setting's name, or an option of the kernel's configuration with `CONFIG_`. */
  readonly name: string;
  /** Where it is set: on the command line, as a kernel parameter, or in the kernel's configuration. */
  readonly kind: Setting["kind"] | "kernel";
  /** The recommended value, as written: `init_on_free=1`, `kernel.sysrq=0`, `CONFIG_KFENCE=y`, `no nokaslr`. */
  readonly wanted: string;
  /** Its state in the OS. */
  readonly state: HardeningState;
  /** Why it is not on, or which setting replaces a kernel's option. */
  readonly because?: string;
}

/** The number of rows in each state. */
export type HardeningScore = Readonly<Record<HardeningState, number>>;

/** The recommendations of the Kernel Self Protection Project, and what an OS makes of each. */
export interface HardeningReport {
  /** The profile of the definition. */
  readonly profile: Hardening["profile"] | "none";
  /** The architecture that the recommendations are for. */
  readonly arch: Arch;
  /** The kernel's version; `undefined` if its configuration is unknown. */
  readonly kernel: string | undefined;
  /** Each recommendation. */
  readonly rows: readonly HardeningRow[];
  /** Score of the settings, which need no new kernel. */
  readonly settings: HardeningScore;
  /** Score of the options that the kernel was built with; all zero if its configuration is unknown. */
  readonly options: HardeningScore;
}

export interface HardeningFacts {
  /** The architecture that the recommendations are for. */
  readonly arch: Arch;
  /** The kernel's command line, as written in the definition. */
  readonly cmdline: string;
  readonly harden?: Hardening | undefined;
  /** The text of the kernel's configuration. Without it no row is `inert`, and the options are left out. @default unknown */
  readonly config?: string | undefined;
}

/** Compares the settings of an OS with what its kernel supports. Has each setting and option once, in the order of the tables. */
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
  // an option that must be off must be off under each of its names
  const has = wanted === "n" ? names.every((name) => kernel.value(name) === "n") : names.some((name) => kernel.value(name) === wanted);
  if (has) return { ...row, state: "on" };
  if (instead && inForce.has(instead)) return { ...row, state: "on", because: `by ${instead}` };
  const value = kernel.value(first);
  return { ...row, state: "off", because: `it is ${value}${instead ? `; ${instead} has the same effect` : ""}` };
}

function scoreOf(rows: readonly HardeningRow[]): HardeningScore {
  const count = (state: HardeningState): number => rows.filter((row) => row.state === state).length;
  return { on: count("on"), off: count("off"), inert: count("inert"), waived: count("waived") };
}
