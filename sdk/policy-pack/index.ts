// the types of Node, which the declarations use, also where a program's configuration names none
/// <reference types="node" preserve="true" />
import "../core/new-node.ts";
export { type Audit, audit, type AuditOptions } from "../policy/audit.ts";
export { type Finding, findingLine, type Found, type Level } from "../policy/finding.ts";
export { policies, type PolicyOptions } from "./audit-policies.ts";
export { policyPack } from "./pack.ts";
export { type ReviewPolicyOptions, reviewPolicies } from "./review-policies.ts";
export type { Direction } from "../review/change.ts";
export { RULE_NAMES, RULES } from "../policy/rules.ts";
export type { Phase } from "../definition/definition.ts";
export type { Rule, Rules } from "../policy/rule.ts";
export type { LabelParts } from "../definition/label-rules.ts";
export type { Seen, Subject, AuditContext } from "../policy/subject.ts";
export { type Section, SECTIONS } from "../policy/sections.ts";
export type { WaivedFinding, Waiver } from "../policy/waiver.ts";
