import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

/** Newer than the declarations: asked for by @azure/arm-compute 25.1.1. */
const NEWEST: Readonly<Record<string, readonly string[]>> = {
  VirtualMachine: ["2026-04-01"],
  VirtualMachineScaleSet: ["2026-04-01"],
  Image: ["2026-04-01"],
};

const known = new Map<string, readonly string[]>();

/**
 * The versions of the API that a type of resource has, as @pulumi/azure-native's declaration of it lists them.
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
    if (versions.length === 0) throw new Error(`@pulumi/azure-native says no version of ${token}`);
    versions = [...versions, ...(NEWEST[type] ?? [])];
    known.set(token, versions);
  }
  return versions;
}
