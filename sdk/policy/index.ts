// the types of Node, which the declarations use, also where a program's configuration names none
/// <reference types="node" preserve="true" />
import "../core/new-node.ts";
export { type Audit, audit, type AuditOptions } from "./audit.ts";
export { type Finding, findingLine, type Found, type Level } from "./finding.ts";
export { policies, type PolicyOptions, policyPack } from "./pack.ts";
export { RULE_NAMES, RULES } from "./rules.ts";
export type { Phase } from "../definition/definition.ts";
export type { Rule, Rules } from "./rule.ts";
export type { LabelParts } from "../definition/label-rules.ts";
export type { Seen, Subject, AuditContext } from "./subject.ts";
export { type Section, SECTIONS } from "./sections.ts";
export type { WaivedFinding, Waiver } from "./waiver.ts";
