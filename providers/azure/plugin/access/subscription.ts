import { LinuxKitError } from "../../../../sdk/core/errors.ts";
import type { ResourceManager } from "./resource-manager.ts";

/**
 * Checks that the credentials reach this subscription, and that it belongs to this tenant.
 *
 * @throws ACCESS_DENIED when they do not reach it, or it belongs to another tenant
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
  const advice = "the stack's Azure provider uses it: give the same credentials to both (tenantId, clientId…, or the same environment)";
  if (!found)
    throw new LinuxKitError("ACCESS_DENIED", `subscriptionId: the credentials do not reach subscription ${subscriptionId}, but ${advice}`, {
      url: "subscription",
      status: 404,
    });
  if (tenantId !== undefined && found.tenantId?.toLowerCase() !== tenantId.toLowerCase()) {
    throw new LinuxKitError(
      "ACCESS_DENIED",
      `tenantId: subscription ${subscriptionId} belongs to tenant ${found.tenantId}, wanted ${tenantId}: ${advice}`,
      { url: "subscription", status: 403 },
    );
  }
}

/** The location of a resource group, the default for resources in it. @throws NOT_FOUND */
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
  throw new LinuxKitError(
    "NOT_FOUND",
    `resourceGroupName: resource group ${resourceGroupName} not found in subscription ${subscriptionId}`,
    {
      what: resourceGroupName,
    },
  );
}
