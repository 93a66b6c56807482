import { LinuxKitError } from "./errors.ts";

/** The optional packages that belong together: who uses a cloud needs all of its own. */
export const OPTIONAL_PACKAGES: readonly (readonly string[])[] = [
  [
    "@pulumi/aws",
    "@aws-sdk/client-auto-scaling",
    "@aws-sdk/client-ebs",
    "@aws-sdk/client-ec2",
    "@aws-sdk/client-ecr",
    "@aws-sdk/client-service-quotas",
    "@aws-sdk/client-sts",
  ],
  ["@pulumi/gcp", "google-auth-library"],
  ["@pulumi/azure-native", "@azure/identity"],
  ["@pulumi/policy"],
];

/** What Node says where it finds no package (its documentation, "Errors"): ES modules, and `require`. */
const NOT_FOUND = /^Cannot find (?:package|module) '((?:@[\w.-]+\/)?[\w.-]+)/;

/** The error for an optional package that is not installed, with the line to type; undefined for any other error. */
export function missingPackage(error: unknown): LinuxKitError<"TOOL_MISSING"> | undefined {
  const { code, message } = (error ?? {}) as NodeJS.ErrnoException;
  if (code !== "ERR_MODULE_NOT_FOUND" && code !== "MODULE_NOT_FOUND") return undefined;
  const [, name = ""] = NOT_FOUND.exec(message ?? "") ?? [];
  const group = OPTIONAL_PACKAGES.find((names) => names.includes(name));
  if (!group) return undefined;
  return new LinuxKitError(
    "TOOL_MISSING",
    `${name} is not installed beside pulumi-linuxkit: run \`npm install ${group.join(" ")}\` in the project's folder`,
    { tool: name },
    { cause: error },
  );
}
