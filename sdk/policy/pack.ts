import type { Policies, PolicyPack, ResourceValidationPolicy } from "@pulumi/policy";
import { optionalModule } from "../core/optional-module.ts";
import type { Definition } from "../definition/definition.ts";
import { listFiles } from "../definition/keyed-files.ts";
import { type AuditOptions, auditDefinition } from "./audit.ts";
import { RULE_NAMES, RULES } from "./rules.ts";
import type { Rule } from "./rule.ts";
import { IMAGE_RULES } from "./rules/images.ts";
import { SECTIONS } from "./sections.ts";

/** Options of the policies. They read the sources of images and packages from the resource. */
export type PolicyOptions = Omit<
  AuditOptions,
  "artifact" | "verify" | "registryMirrors" | "debianMirror" | "debianSecurityMirror" | "arch"
>;

const policy = optionalModule<typeof import("@pulumi/policy")>("@pulumi/policy");

/** The type token of `ImageBuild`. */
const IMAGE_BUILD = "linuxkit:index:ImageBuild";

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

/** A policy pack that consists of {@link policies}. @throws as `policies` */
export function policyPack(name = "linuxkit", options: PolicyOptions = {}): PolicyPack {
  return new policy.PolicyPack(name, { policies: policies(options) });
}

/** Properties of `ImageBuild` that findings may point to; the path of any other finding is in `image`. */
const PROPERTIES: readonly string[] = ["artifact", "registryMirrors", "debianMirror", "debianSecurityMirror"];

const NOTHING: Definition = { init: [], onboot: [], onshutdown: [], services: {}, volumes: {}, files: [] };

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
      const isDefined = typeof image === "object" && image !== null;
      // for an artifact that was built elsewhere, only its source is known
      if (!isDefined && (typeof artifact !== "string" || !(name in IMAGE_RULES))) return;
      const { findings } = auditDefinition(
        { ...NOTHING, ...(isDefined && (listFiles(image) as object)) },
        { ...options, artifact, verify, registryMirrors, debianMirror, debianSecurityMirror, arch },
        [name],
      );
      // the engine shows the description above it, which has the sections
      for (const { path, message, remedy } of findings)
        report(`${PROPERTIES.includes(path.split(/[.[]/)[0] ?? "") ? path : `image.${path}`}: ${message}; ${remedy}`);
    },
  };
}

// in a preview, reading an unknown value throws; replace it with the symbol that stands for one in a definition
const UNKNOWN = Symbol.for("pulumi-linuxkit.unknown");

function known(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  const read = (name: string | number): unknown => {
    try {
      return known((value as Record<string | number, unknown>)[name]);
    } catch {
      return UNKNOWN;
    }
  };
  return Array.isArray(value)
    ? Array.from({ length: value.length }, (_, index) => read(index))
    : Object.fromEntries(Object.keys(value).map((name) => [name, read(name)]));
}
