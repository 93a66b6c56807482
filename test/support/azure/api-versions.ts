import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

/** Versions newer than the declarations, which @azure/arm-compute 25.1.1 sends. */
const NEWEST: Readonly<Record<string, readonly string[]>> = {
  VirtualMachine: ["2026-04-01"],
  VirtualMachineScaleSet: ["2026-04-01"],
  Image: ["2026-04-01"],
};

const known = new Map<string, readonly string[]>();

/**
 * API versions of a resource type, as its declaration in @pulumi/azure-native lists them.
 *
 * @param token `azure-native:compute:Disk`
 */
export function apiVersions(token: string): readonly string[] {
  let versions = known.get(token);
  if (!versions) {
    const [, module = "", type = ""] = token.split(":");
    const text = readFileSync(
      createRequire(import.meta.url).resolve(`@pulumi/azure-native/${module}/${type.charAt(0).toLowerCase()}${type.slice(1)}.d.ts`),
      "utf8",
    );
    versions = [/Uses Azure REST API version (\S+?)\./, /Other available API versions: ([^.]+)\./].flatMap(
      (pattern) => pattern.exec(text)?.[1]?.split(", ") ?? [],
    );
    if (versions.length === 0) throw new Error(`@pulumi/azure-native declares no API version of ${token}`);
    versions = [...versions, ...(NEWEST[type] ?? [])];
    known.set(token, versions);
  }
  return versions;
}
