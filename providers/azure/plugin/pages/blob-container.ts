import { LinuxKitError } from "../../../../sdk/core/errors.ts";
import type { ResourceManager } from "../access/resource-manager.ts";

/** URL of a container, from the account's endpoint. @throws NOT_FOUND */
export async function blobContainer(
  manager: ResourceManager,
  { accountId, container }: { readonly accountId: string; readonly container: string },
  signal: AbortSignal,
): Promise<string> {
  const what = `storage account ${accountId.split("/").at(-1)}`;
  const account = await manager.ask<{ properties?: { primaryEndpoints?: { blob?: string } } }>(
    { method: "GET", path: accountId, apiVersion: "2023-05-01", what },
    signal,
  );
  const endpoint = account?.properties?.primaryEndpoints?.blob;
  if (endpoint !== undefined) return `${endpoint.replace(/\/+$/, "")}/${container}`;
  throw new LinuxKitError("NOT_FOUND", `storage.accountId: ${account ? `${what} has no blob endpoint` : `${what} not found`}`, {
    what: accountId,
  });
}
