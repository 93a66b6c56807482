import { LinuxKitError } from "../../../../sdk/core/errors.ts";
import type { ResourceManager } from "./resource-manager.ts";

/**
 * Sees to it that whoever is logged in works in this subscription, and that it is of this tenant.
 *
 * @throws ACCESS_DENIED when the subscription is not to be seen, or is another tenant's
 */
export async function checkSubscription(
  manager: ResourceManager,
  { subscriptionId, tenantId }: { readonly subscriptionId: string; readonly tenantId?: string | undefined },
  signal: AbortSignal,
): Promise<void> {
  const found = await manager.ask<{ tenantId?: string }>(
    { method: "GET", path: `/subscriptions/${subscriptionId}`, apiVersion: "2022-12-01", what: `subscription ${subscriptionId}` },
    signal,
  );
  const advice = "the stack's Azure provider works there: give the same identity to both (tenantId, clientId…, or the same environment)";
  if (!found)
    throw new LinuxKitError("ACCESS_DENIED", `subscriptionId: whoever uploads does not see subscription ${subscriptionId}, and ${advice}`, {
      url: "subscription",
      status: 404,
    });
  if (tenantId !== undefined && found.tenantId?.toLowerCase() !== tenantId.toLowerCase()) {
    throw new LinuxKitError(
      "ACCESS_DENIED",
      `tenantId: subscription ${subscriptionId} is of tenant ${found.tenantId}, wanted ${tenantId}: ${advice}`,
      { url: "subscription", status: 403 },
    );
  }
}

/** Where a resource group is: what is made in it is there too, unless said otherwise. @throws NOT_FOUND */
export async function locationOf(
  manager: ResourceManager,
  { subscriptionId, resourceGroupName }: { readonly subscriptionId: string; readonly resourceGroupName: string },
  signal: AbortSignal,
): Promise<string> {
  const group = await manager.ask<{ location: string }>(
    {
      method: "GET",
      path: `/subscriptions/${subscriptionId}/resourceGroups/${resourceGroupName}`,
      apiVersion: "2021-04-01",
      what: `resource group ${resourceGroupName}`,
    },
    signal,
  );
  if (group) return group.location;
  throw new LinuxKitError("NOT_FOUND", `resourceGroupName: no resource group ${resourceGroupName} in subscription ${subscriptionId}`, {
    what: resourceGroupName,
  });
}
