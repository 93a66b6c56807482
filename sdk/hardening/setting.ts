import type { Arch } from "../core/arch.ts";

/** How far a machine is hardened: `default` costs next to nothing; `strict` follows every recommendation. */
export type Profile = "default" | "strict";

export const PROFILES = ["default", "strict"] as const;

/** What a kernel needs for a setting to have an effect. */
export interface Needs {
  /** Options, without `CONFIG_`; one of them must be `y` or `m`. @default none */
  readonly config?: readonly string[];
  /** The first version that supports it, such as `[6, 7]`. @default any */
  readonly since?: readonly [major: number, minor: number];
}

/** A setting that the Kernel Self Protection Project recommends, or one that it advises against. */
export interface Setting extends Needs {
  /**
   * `cmdline`: a word of the kernel's command line. `absent`: a word that must not be there. `sysctl`: a file below
   * `/proc/sys`. `console`: whether the console has a shell.
   */
  readonly kind: "cmdline" | "absent" | "sysctl" | "console";
  /** The value in the profile `strict`; `undefined` for the kind `absent`. */
  readonly strict?: string | undefined;
  /** The value in the profile `default`; `undefined` if that profile does not set it. */
  readonly default?: string | undefined;
  /** @default every architecture */
  readonly arches?: readonly Arch[];
  /** Why it is not in the profile `default`, or is weaker there. */
  readonly costs?: string;
}

/** A row in a table of settings of the same kind. */
export type Row = Omit<Setting, "kind">;

/** The same value in both profiles. */
export function both(value: string, more: Row = {}): Row {
  return { strict: value, default: value, ...more };
}
