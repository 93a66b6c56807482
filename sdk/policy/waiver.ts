import { isDay } from "../core/day.ts";
import { LinuxKitError } from "../core/errors.ts";
import { RULE_NAMES } from "./rules.ts";
import type { Finding } from "./finding.ts";

/** Accepts findings of a rule until a day. */
export interface Waiver {
  /** The rule's name. */
  readonly rule: string;
  /** A finding's path, or the start of it: `services.web`. @default every path */
  readonly path?: string | undefined;
  /** Why the findings are acceptable. */
  readonly reason: string;
  /** The last day on which it is valid, `2027-03-31`, in UTC. */
  readonly until: string;
}

/** A waived finding, with its waiver. */
export interface WaivedFinding extends Finding {
  /** The waiver that allows it. */
  readonly waiver: Waiver;
}

/** @throws INVALID_DEFINITION for an unknown rule, an invalid date, or a waiver without a reason */
export function checkWaivers(waivers: readonly Waiver[]): void {
  for (const [index, { rule, reason, until }] of waivers.entries()) {
    if (!RULE_NAMES.includes(rule)) throw wrong(index, "rule", `got ${JSON.stringify(rule)}, wanted one of ${RULE_NAMES.join(", ")}`);
    if (typeof reason !== "string" || reason.trim() === "")
      throw wrong(index, "reason", "missing, wanted the reason why the finding is acceptable");
    if (!isDay(until)) throw wrong(index, "until", `got ${JSON.stringify(until)}, wanted the last valid day, such as "2027-03-31"`);
  }
}

/** The waiver that covers a finding. An expired waiver covers no finding. */
export function waiverOf({ rule, path }: Finding, waivers: readonly Waiver[], today: string): Waiver | undefined {
  return waivers.find((waiver) => waiver.rule === rule && covers(waiver.path, path) && waiver.until >= today);
}

/** The expired waiver that covered a finding. */
export function lapsedWaiver({ rule, path }: Finding, waivers: readonly Waiver[], today: string): Waiver | undefined {
  return waivers.find((waiver) => waiver.rule === rule && covers(waiver.path, path) && waiver.until < today);
}

function covers(wanted: string | undefined, path: string): boolean {
  return wanted === undefined || path === wanted || (path.startsWith(wanted) && /^[.[]/.test(path.slice(wanted.length)));
}

function wrong(index: number, field: string, message: string): LinuxKitError {
  const path = `waive[${index}].${field}`;
  return new LinuxKitError("INVALID_DEFINITION", `${path}: ${message}`, { path });
}
