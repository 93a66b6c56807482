import type { Arch } from "../core/arch.ts";

/** How much is asked of a host: `default` costs next to nothing; `strict` is all that the project asks for. */
export type Profile = "default" | "strict";

export const PROFILES = ["default", "strict"] as const;

/** What a kernel must be for a setting to do anything. */
export interface Needs {
  /** Options of its configuration, without `CONFIG_`: one of them must be built in or a module. @default none */
  readonly config?: readonly string[];
  /** The first version that knows it, as `[6, 7]`. @default any */
  readonly since?: readonly [major: number, minor: number];
}

/** One setting that the Kernel Self Protection Project asks for, or one that works against it. */
export interface Setting extends Needs {
  /**
   * `cmdline`: a word of the kernel's command line. `absent`: a word that may not be there. `sysctl`: a file below
   * `/proc/sys`. `console`: who may be reached through it.
   */
  readonly kind: "cmdline" | "absent" | "sysctl" | "console";
  /** The value in the profile `strict`; `undefined` for a word without one. */
  readonly strict?: string | undefined;
  /** The value in the profile `default`; `undefined` where it asks for nothing. */
  readonly default?: string | undefined;
  /** @default every architecture */
  readonly arches?: readonly Arch[];
  /** Why it is not in the profile `default`, or in a weaker form. */
  readonly costs?: string;
}

/** A setting in a table of one kind. */
export type Row = Omit<Setting, "kind">;

/** The same value in both profiles. */
export function both(value: string, more: Row = {}): Row {
  return { strict: value, default: value, ...more };
}
