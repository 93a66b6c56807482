import { findPackageJSON } from "node:module";
import { LinuxKitError } from "../core/errors.ts";
import { OPTIONAL_PACKAGES } from "../core/missing-package.ts";
import { type Finding, findingsOf } from "./finding.ts";

/** Packages of a cloud that only some programs need, and which. */
const SOMETIMES: Readonly<Record<string, string>> = {
  "@aws-sdk/client-auto-scaling": "for fleets",
  "@aws-sdk/client-ecr": "for ecrAuth()",
  "@aws-sdk/client-service-quotas": "for the quotas of `doctor`",
};

/**
 * The npm packages that a cloud needs.
 *
 * @param stock Pulumi's package for the cloud: `@pulumi/aws`
 * @param from the module that would load them @default this one
 */
export function packagesOf(stock: string, from: string = import.meta.url): readonly Finding[] {
  const { ok, warning, refused } = findingsOf("packages");
  const group = OPTIONAL_PACKAGES.find((names) => names.includes(stock)) ?? [];
  return group.map((name) => {
    if (isInstalled(name, from)) return ok(name, "is installed");
    const found = SOMETIMES[name] === undefined ? refused : warning;
    const { code, message } = new LinuxKitError("TOOL_MISSING", `${name} is not installed beside pulumi-linuxkit`, { tool: name });
    const use = SOMETIMES[name] === undefined ? "" : `, which is ${SOMETIMES[name]}`;
    return found(name, `${code}: ${message}${use}`, `run \`npm install ${name}\` in the project's folder`);
  });
}

function isInstalled(name: string, from: string): boolean {
  try {
    return findPackageJSON(name, from) !== undefined;
  } catch {
    return false;
  }
}
