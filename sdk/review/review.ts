import type { Arch } from "../core/arch.ts";
import type { HardeningScore } from "../hardening/report.ts";
import { type Audit, auditDefinition } from "../policy/audit.ts";
import type { Finding } from "../policy/finding.ts";
import { type Change, type Direction, DIRECTIONS } from "./change.ts";
import { diff } from "./diff.ts";
import type { ReplacedMachines } from "./machines.ts";
import type { Reviewed } from "./facts-of.ts";

/** Everything that a reviewer needs to know about a change of an operating system. */
export interface Review {
  /** What changes: what widens access first, then what may break, what narrows it, and the rest. */
  readonly changes: readonly Change[];
  /** How many changes have each direction. */
  readonly counts: Readonly<Record<Direction, number>>;
  /**
   * The machines and fleets that run the system before: each is replaced, since a change of the OS is another image. No service
   * restarts in place. @default absent: unknown, or nothing changes
   */
  readonly machines?: readonly ReplacedMachines[];
  /** The findings of NIST SP 800-190 that come and go. */
  readonly findings: {
    /** Only the system after the change has these. */
    readonly gained: readonly Finding[];
    /** Only the system before the change has these. */
    readonly lost: readonly Finding[];
  };
  /** The settings of the Kernel Self Protection Project, before and after. @default absent: files have no such settings */
  readonly hardening?: {
    /** Of the system before the change. */
    readonly before: HardeningScore;
    /** Of the system after the change. */
    readonly after: HardeningScore;
  };
}

/** Compares two operating systems: see {@link diff}. @param arch the architecture, for the settings of the kernel @default "amd64" */
export function review(before: Reviewed, after: Reviewed, arch: Arch = "amd64"): Review {
  const audited = ({ definition, labels }: Reviewed): Audit => auditDefinition(definition, { arch, labels });
  const [old, now] = [audited(before), audited(after)];
  const key = ({ rule, path }: Finding): string => `${rule} ${path}`;
  const missing = ({ findings: from }: Audit, { findings: of }: Audit): Finding[] => {
    const known = new Set(of.map(key));
    return from.filter((finding) => !known.has(key(finding)));
  };
  const found = reviewOf(diff(before, after));
  const { machines = [] } = before;
  return {
    ...found,
    ...(machines.length > 0 && found.changes.length > 0 && { machines }),
    findings: { gained: missing(now, old), lost: missing(old, now) },
    hardening: { before: old.hardening.settings, after: now.hardening.settings },
  };
}

/** A review of changes that concern no definition. */
export function reviewOf(changes: readonly Change[]): Review {
  const counts = Object.fromEntries(
    DIRECTIONS.map((direction) => [direction, changes.filter((change) => change.direction === direction).length]),
  ) as Record<Direction, number>;
  return { changes, counts, findings: { gained: [], lost: [] } };
}
