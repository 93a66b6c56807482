import type { Found, Level } from "./finding.ts";
import type { Subject } from "./subject.ts";

/** A check of a definition against NIST SP 800-190. */
export interface Rule {
  /** The sections of the guide that it checks. */
  readonly sections: readonly string[];
  readonly level: Level;
  /** What must be true, in one line. */
  readonly holds: string;
  check(subject: Subject): readonly Found[];
}

export type Rules = Readonly<Record<string, Rule>>;
