import { isDay } from "../core/day.ts";
import { LinuxKitError } from "../core/errors.ts";
import type { Vulnerability } from "./affected.ts";

/** Accepts a known fault until a day, as a statement of VEX says that a product is not affected by it. */
export interface AdvisoryWaiver {
  /** The advisory's name, or another name of the same fault. */
  readonly advisory: string;
  /** The source package. @default every one */
  readonly package?: string | undefined;
  /** Why the fault does no harm here. */
  readonly reason: string;
  /** The last day on which it is valid, `2027-03-31`, in UTC. */
  readonly until: string;
}

/** @throws INVALID_DEFINITION for a waiver without a name, a reason, or a day that exists */
export function checkAdvisoryWaivers(waivers: readonly AdvisoryWaiver[]): void {
  for (const { advisory, reason, until } of waivers) {
    if (typeof advisory !== "string" || advisory === "") throw wrong("advisory", advisory, 'its name, such as "CVE-2024-5535"');
    if (typeof reason !== "string" || reason.trim() === "") throw wrong("reason", reason, `the reason why ${advisory} does no harm here`);
    if (!isDay(until)) throw wrong("until", until, `the last valid day of ${advisory}, such as "2027-03-31"`);
  }
}

/** Whether a waiver is for a fault, whatever the day. */
export function concerns({ advisory, package: named }: AdvisoryWaiver, { advisory: found }: Vulnerability): boolean {
  return [found.id, ...found.aliases].includes(advisory) && (named === undefined || named === found.package);
}

function wrong(field: string, given: unknown, wanted: string): LinuxKitError {
  const path = `waive.${field}`;
  return new LinuxKitError("INVALID_DEFINITION", `${path}: got ${JSON.stringify(given) ?? "nothing"}, wanted ${wanted}`, { path });
}
