import type { Policies, ResourceValidationPolicy } from "@pulumi/policy";
import { type AuditOptions, auditDefinition } from "../policy/audit.ts";
import { RULE_NAMES, RULES } from "../policy/rules.ts";
import type { Rule } from "../policy/rule.ts";
import { IMAGE_RULES } from "../policy/rules/images.ts";
import { SECTIONS } from "../policy/sections.ts";
import { definitionOf, IMAGE_BUILD, known, NOTHING } from "./image-build.ts";

/** Options of the policies. They read the sources of images and packages from the resource. */
export type PolicyOptions = Omit<
  AuditOptions,
  "artifact" | "verify" | "registryMirrors" | "debianMirror" | "debianSecurityMirror" | "arch"
>;

/**
 * Policies that check each `ImageBuild` of a stack against NIST SP 800-190, during preview and update. Each rule is a
 * policy named `sp800-190-RULE`. A waived finding passes until its waiver expires.
 *
 * @throws INVALID_DEFINITION for a waiver or level of an unknown rule
 */
export function policies(options: PolicyOptions = {}): Policies {
  // reports wrong options now instead of at the first resource
  auditDefinition(NOTHING, options);
  return RULE_NAMES.map((name) => policyOf(name, options));
}

/** Properties of `ImageBuild` that findings may point to; the path of any other finding is in `image`. */
const PROPERTIES: readonly string[] = ["artifact", "registryMirrors", "debianMirror", "debianSecurityMirror"];

function policyOf(name: string, options: PolicyOptions): ResourceValidationPolicy {
  const rule = RULES[name] as Rule;
  const level = options.levels?.[name] ?? rule.level;
  const [first = ""] = rule.sections;
  return {
    name: `sp800-190-${name}`,
    description: `SP 800-190 ${rule.sections.join(", ")}: ${rule.holds}.`,
    enforcementLevel: level,
    severity: level === "mandatory" ? "high" : "medium",
    framework: {
      name: "NIST SP 800-190",
      version: "2017-09",
      reference: first,
      specification: SECTIONS.find(({ section }) => section === first)?.title ?? "",
    },
    validateResource({ type, props }, report) {
      if (type !== IMAGE_BUILD) return;
      const { image, artifact, verify, registryMirrors, debianMirror, debianSecurityMirror, arch } = known(props) as Record<string, never>;
      const definition = definitionOf(image);
      // for an artifact that was built elsewhere, only its source is known
      if (!definition && (typeof artifact !== "string" || !(name in IMAGE_RULES))) return;
      const { findings } = auditDefinition(
        definition ?? NOTHING,
        { ...options, artifact, verify, registryMirrors, debianMirror, debianSecurityMirror, arch },
        [name],
      );
      // the engine shows the description above it, which has the sections
      for (const { path, message, remedy } of findings)
        report(`${PROPERTIES.includes(path.split(/[.[]/)[0] ?? "") ? path : `image.${path}`}: ${message}; ${remedy}`);
    },
  };
}
