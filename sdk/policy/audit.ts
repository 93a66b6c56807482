import type { Arch } from "../core/arch.ts";
import { dayOf } from "../core/day.ts";
import { LinuxKitError } from "../core/errors.ts";
import type { Definition } from "../definition/definition.ts";
import type { Image } from "../definition/image.ts";
import { isDeferred } from "../core/deferred.ts";
import { type HardeningReport, hardeningReport } from "../hardening/report.ts";
import type { Finding, Level } from "./finding.ts";
import { RULE_NAMES, RULES } from "./rules.ts";
import { enginesOf, FOLDED } from "./rules/engine.ts";
import type { Rule } from "./rule.ts";
import { type Subject, subjectOf, type AuditContext } from "./subject.ts";
import { checkWaivers, lapsedWaiver, type WaivedFinding, type Waiver, waiverOf } from "./waiver.ts";

/** Options of {@link audit}. */
export interface AuditOptions extends AuditContext {
  /** Accepted findings. @default none */
  readonly waive?: readonly Waiver[] | undefined;
  /** Levels by rule name, which override the rules' own. @default none */
  readonly levels?: Readonly<Record<string, Level>> | undefined;
  /** The day on which waivers must be valid. @default today */
  readonly date?: Date | undefined;
  /** The architecture. @default "amd64" */
  readonly arch?: Arch | undefined;
  /** The text of the kernel's configuration, which shows the settings that have no effect. @default unknown @example readFileSync("config-6.12", "utf8") */
  readonly kernelConfig?: string | undefined;
}

/** The result of an audit. */
export interface Audit {
  /** In the order of the rules. */
  readonly findings: readonly Finding[];
  /** Findings that a waiver allows. */
  readonly waived: readonly WaivedFinding[];
  /** Waivers that no finding needs, or that have expired. Remove them. */
  readonly idle: readonly Waiver[];
  /** The recommendations of the Kernel Self Protection Project, and their state. */
  readonly hardening: HardeningReport;
}

/**
 * Checks an operating system against NIST SP 800-190, section by section, and the Kernel Self Protection Project. It
 * checks the definition, so it needs neither Pulumi nor a build. Values that are not known yet are skipped.
 *
 * @throws INVALID_DEFINITION for a waiver or level of an unknown rule
 */
export function audit(image: Image, options: AuditOptions = {}): Audit {
  return auditDefinition(image.spec, options);
}

/** {@link audit} for a definition as plain JSON. @param rules the names of the rules to check @default every rule */
export function auditDefinition(definition: Definition, options: AuditOptions = {}, rules: readonly string[] = RULE_NAMES): Audit {
  const { waive = [], date = new Date() } = options;
  checkWaivers(waive);
  checkLevels(options.levels);
  const subject = lookAt(definition, options);
  const today = dayOf(date);
  const all = rules.flatMap((name) => findingsOf(name, subject, options));
  const waived = all.flatMap((finding): WaivedFinding[] => {
    const waiver = waiverOf(finding, waive, today);
    return waiver ? [{ ...finding, waiver }] : [];
  });
  const findings = all
    .filter((finding) => !waiverOf(finding, waive, today))
    .map((finding) => withLapsed(finding, lapsedWaiver(finding, waive, today)));
  const used = new Set(waived.map(({ waiver }) => waiver));
  return { findings, waived, idle: waive.filter((waiver) => !used.has(waiver)), hardening: subject.hardening };
}

function lookAt(definition: Definition, options: AuditOptions): Subject {
  const { kernel, harden } = definition;
  const cmdline = kernel && !isDeferred(kernel) && typeof kernel.cmdline === "string" ? kernel.cmdline : "";
  const known = harden && !isDeferred(harden) && !isDeferred(harden.profile) && !isDeferred(harden.waive) ? harden : undefined;
  return subjectOf(
    definition,
    options,
    hardeningReport({ arch: options.arch ?? "amd64", cmdline, harden: known, config: options.kernelConfig }),
  );
}

function findingsOf(name: string, subject: Subject, { levels = {} }: AuditOptions): Finding[] {
  const { sections, level, check } = RULES[name] as Rule;
  return check(FOLDED.has(name) ? withoutEngines(subject) : subject).map((one) => ({
    rule: name,
    sections,
    level: levels[name] ?? level,
    ...one,
  }));
}

function withoutEngines(subject: Subject): Subject {
  const engines = enginesOf(subject);
  return { ...subject, services: subject.services.filter((service) => !engines.includes(service)) };
}

function withLapsed(finding: Finding, lapsed: Waiver | undefined): Finding {
  return lapsed ? { ...finding, message: `${finding.message} (it was waived until ${lapsed.until}: ${lapsed.reason})` } : finding;
}

function checkLevels(levels: AuditOptions["levels"] = {}): void {
  for (const [name, level] of Object.entries(levels)) {
    const path = `levels[${JSON.stringify(name)}]`;
    if (!RULE_NAMES.includes(name))
      throw new LinuxKitError("INVALID_DEFINITION", `${path}: unknown rule, wanted one of ${RULE_NAMES.join(", ")}`, { path });
    if (level !== "advisory" && level !== "mandatory")
      throw new LinuxKitError("INVALID_DEFINITION", `${path}: got ${JSON.stringify(level)}, wanted "advisory" or "mandatory"`, { path });
  }
}
