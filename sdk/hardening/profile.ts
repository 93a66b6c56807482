import type { Arch } from "../core/arch.ts";
import { ABSENT, COMMAND_LINE, wordOf } from "./command-line.ts";
import type { Profile, Setting } from "./setting.ts";
import { MODULES_DISABLED, SYSCTL, sysctlPath } from "./sysctl.ts";

const CONSOLE = { "console.shell": { kind: "console", strict: "none", default: "none" } } as const satisfies Readonly<
  Record<string, Setting>
>;

/** Every setting by name. Waivers use these names. */
export const SETTINGS: Readonly<Record<SettingName, Setting>> = Object.freeze({ ...COMMAND_LINE, ...ABSENT, ...SYSCTL, ...CONSOLE });

/** The name of a setting: a word of the command line before `=`, a kernel parameter, or `console.shell`. */
export type SettingName = keyof typeof COMMAND_LINE | keyof typeof ABSENT | keyof typeof SYSCTL | keyof typeof CONSOLE;

export const SETTING_NAMES = Object.keys(SETTINGS) as [SettingName, ...SettingName[]];

/** How a machine's kernel is hardened. */
export interface Hardening {
  /** The profile. */
  readonly profile: Profile;
  /** The settings to leave out, each with the reason. */
  readonly waive: { readonly [name in SettingName]?: string };
}

/** The value of a setting on a hardened machine; `undefined` if the profile does not set it or it is waived. */
export function wantedValue(name: SettingName, { profile, waive }: Hardening): string | undefined {
  return waive[name] === undefined ? SETTINGS[name][profile] : undefined;
}

/** The words for the kernel's command line, without those that the user has already written with the same value. */
export function hardeningWords(hardening: Hardening, arch: Arch, written: readonly string[]): string[] {
  return valuesOf("cmdline", hardening, arch)
    .map(([name, value]) => wordOf(name, value))
    .filter((word) => !written.includes(word));
}

/** Kernel parameters as lines `path value`, below `/proc/sys`: to set at the start of boot, and after the last module. */
export function hardeningParameters(
  hardening: Hardening,
  arch: Arch,
): { readonly early: readonly string[]; readonly last: readonly string[] } {
  const values = valuesOf("sysctl", hardening, arch);
  const lines = (list: typeof values): string[] => list.map(([name, value]) => `${sysctlPath(name)} ${value}`);
  return {
    early: lines(values.filter(([name]) => name !== MODULES_DISABLED)),
    last: lines(values.filter(([name]) => name === MODULES_DISABLED)),
  };
}

function valuesOf(kind: Setting["kind"], hardening: Hardening, arch: Arch): [SettingName, string][] {
  return SETTING_NAMES.flatMap((name): [SettingName, string][] => {
    const setting = SETTINGS[name];
    const value = wantedValue(name, hardening);
    return setting.kind === kind && value !== undefined && isFor(setting, arch) ? [[name, value]] : [];
  });
}

/** Whether a setting exists on an architecture. */
export function isFor({ arches }: { readonly arches?: readonly Arch[] }, arch: Arch): boolean {
  return arches === undefined || arches.includes(arch);
}
