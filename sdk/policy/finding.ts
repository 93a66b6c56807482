/** `mandatory`: an update must not go on. `advisory`: somebody should look. */
export type Level = "advisory" | "mandatory";

/** What a rule finds at one place. */
export interface Found {
  /** Where, as the user writes it: `services.web.capabilities[0]`. */
  readonly path: string;
  /** What is there, and why it matters. */
  readonly message: string;
  /** What to write instead. */
  readonly remedy: string;
}

/** What an audit found at one place, with the rule that found it. */
export interface Finding extends Found {
  /** The rule's name: what a waiver and `levels` name. */
  readonly rule: string;
  /** Sections of NIST SP 800-190: `["4.4.3"]`. */
  readonly sections: readonly string[];
  readonly level: Level;
}

/** A finding as one line for people. */
export function findingLine({ rule, sections, path, message, remedy }: Finding): string {
  return `${path}: ${message}; ${remedy} (SP 800-190 ${sections.join(", ")}, ${rule})`;
}
