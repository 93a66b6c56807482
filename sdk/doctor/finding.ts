/** How a check ended: nothing to do, something to know, or something that stops an update. */
export type Level = "ok" | "warning" | "refused";

/** What a check found, and what to do about it. */
export interface Finding {
  readonly level: Level;
  /** The check: `rights`, `quota`… */
  readonly check: string;
  /** What it is about: an operation, a subnet, a program of the host. */
  readonly subject: string;
  readonly says: string;
  /** What to do about it; never beside `ok`. */
  readonly remedy?: string;
}

/** Makes the findings of one check. */
export interface Findings {
  ok(subject: string, says: string): Finding;
  warning(subject: string, says: string, remedy: string): Finding;
  refused(subject: string, says: string, remedy: string): Finding;
}

export function findingsOf(check: string): Findings {
  return {
    ok: (subject, says) => ({ level: "ok", check, subject, says }),
    warning: (subject, says, remedy) => ({ level: "warning", check, subject, says, remedy }),
    refused: (subject, says, remedy) => ({ level: "refused", check, subject, says, remedy }),
  };
}
