import type { PolicyPack } from "@pulumi/policy";
import { optionalModule } from "../core/optional-module.ts";
import { policies, type PolicyOptions } from "./audit-policies.ts";

const policy = optionalModule<typeof import("@pulumi/policy")>("@pulumi/policy");

/** A policy pack that consists of {@link policies}. @throws as `policies` */
export function policyPack(name = "linuxkit", options: PolicyOptions = {}): PolicyPack {
  return new policy.PolicyPack(name, { policies: policies(options) });
}
