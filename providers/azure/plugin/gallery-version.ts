import type { ResourceManager } from "./access/resource-manager.ts";

/** API version of `Microsoft.Compute/galleries`. */
const API_VERSION = "2024-03-03";

/**
 * The name of a definition's next version: its highest number plus one. An update deletes the old version only after it has
 * created the new one, so numbers always grow, also on a revert.
 */
export async function nextVersion(manager: ResourceManager, definitionId: string, prefix: string, signal: AbortSignal): Promise<string> {
  const found = await manager.list<{ readonly name: string }>(
    { path: `${definitionId}/versions`, apiVersion: API_VERSION, what: `versions of ${definitionId.split("/").at(-1)}` },
    signal,
  );
  return `${prefix}.${
    1 +
    highest(
      found.map(({ name }) => name),
      prefix,
    )
  }`;
}

function highest(names: readonly string[], prefix: string): number {
  return names.reduce((most, name) => (name.startsWith(`${prefix}.`) ? Math.max(most, Number(name.slice(prefix.length + 1))) : most), -1);
}
