import type { Found, Level } from "./finding.ts";
import type { Subject } from "./subject.ts";

/** A check of a definition against NIST SP 800-190. */
export interface Rule {
  /** The sections of the guide that it checks. */
  readonly sections: readonly string[];
  /** How bad a violation is. */
  readonly level: Level;
  /** What must be true, in one line. */
  readonly holds: string;
  /** What violates it. */
  check(subject: Subject): readonly Found[];
}

/** Rules by name. */
export type Rules = Readonly<Record<string, Rule>>;
