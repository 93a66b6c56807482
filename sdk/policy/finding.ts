/** `mandatory` stops an update. `advisory` is a warning. */
export type Level = "advisory" | "mandatory";

/** A finding of a rule, without the rule. */
export interface Found {
  /** The path in the definition: `services.web.capabilities[0]`. */
  readonly path: string;
  /** What is wrong there, and why it matters. */
  readonly message: string;
  /** What to write instead. */
  readonly remedy: string;
}

/** A finding of an audit, with its rule. */
export interface Finding extends Found {
  /** The rule's name, as used in waivers and `levels`. */
  readonly rule: string;
  /** Sections of NIST SP 800-190: `["4.4.3"]`. */
  readonly sections: readonly string[];
  /** How bad it is. */
  readonly level: Level;
}

/** A finding as one line of text. */
export function findingLine({ rule, sections, path, message, remedy }: Finding): string {
  return `${path}: ${message}; ${remedy} (SP 800-190 ${sections.join(", ")}, ${rule})`;
}
