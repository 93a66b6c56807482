import type { Found, Level } from "./finding.ts";
import type { Subject } from "./subject.ts";

/** One check of NIST SP 800-190 on a definition. */
export interface Rule {
  /** Sections of the guide that it answers. */
  readonly sections: readonly string[];
  readonly level: Level;
  /** What must hold, in one line. */
  readonly holds: string;
  check(subject: Subject): readonly Found[];
}

export type Rules = Readonly<Record<string, Rule>>;
