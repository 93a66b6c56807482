import type { ResourceManager } from "./access/resource-manager.ts";

/** Of `Microsoft.Compute/galleries`. */
const API_VERSION = "2024-03-03";

/**
 * The name of a definition's next version: one more than the highest there is. The one that runs is removed only after
 * its successor was made, so that numbers go up through updates and ways back, and none is used again while either stands.
 */
export async function nextVersion(manager: ResourceManager, definitionId: string, begins: string, signal: AbortSignal): Promise<string> {
  const found = await manager.list<{ readonly name: string }>(
    { path: `${definitionId}/versions`, apiVersion: API_VERSION, what: `versions of ${definitionId.split("/").at(-1)}` },
    signal,
  );
  return `${begins}.${
    1 +
    highest(
      found.map(({ name }) => name),
      begins,
    )
  }`;
}

function highest(names: readonly string[], begins: string): number {
  return names.reduce((most, name) => (name.startsWith(`${begins}.`) ? Math.max(most, Number(name.slice(begins.length + 1))) : most), -1);
}
