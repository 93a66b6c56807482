/**
 * Plays user-assigned identities, and the identity of a machine or scale set.
 *
 * Source: Azure REST API, "User Assigned Identities".
 * Assumed: the codes and words of refusals.
 */
import { createHash } from "node:crypto";
import { isProperties, type Properties } from "../../../sdk/plugin/value.ts";
import type { Arm, ArmKind } from "./arm.ts";
import { keyOf } from "./arm-id.ts";
import { AzureRefusal } from "./refusal.ts";

const IDENTITIES = "Microsoft.ManagedIdentity/userAssignedIdentities";

/** The resource type of user-assigned identities. */
export function identityKind(arm: () => Arm): ArmKind {
  return {
    type: IDENTITIES,
    token: "azure-native:managedidentity:UserAssignedIdentity",
    names: ["resourceName"],
    naming: /^[A-Za-z0-9][A-Za-z0-9_-]{2,127}$/,
    show: ({ id }) => ({ principalId: uuidOf(`principal ${id}`), clientId: uuidOf(`client ${id}`), tenantId: arm().tenant }),
  };
}

/** @throws FailedIdentityOperation if an identity is not found */
export function checkIdentity(arm: Arm, { identity }: Properties): void {
  if (!isProperties(identity)) return;
  const ids = isProperties(identity.userAssignedIdentities) ? Object.keys(identity.userAssignedIdentities) : [];
  if (String(identity.type).includes("UserAssigned") !== ids.length > 0)
    throw new AzureRefusal(
      400,
      "InvalidIdentityValues",
      "The identity's type must name UserAssigned exactly if userAssignedIdentities is set.",
    );
  const missing = ids.find((id) => !arm.find(id, IDENTITIES));
  if (missing !== undefined)
    throw new AzureRefusal(400, "FailedIdentityOperation", `Identity operation failed: Resource '${missing}' was not found.`);
}

/** The identity in an answer, with the IDs of its principals. */
export function shownIdentity(id: string, tenant: string, { type, userAssignedIdentities }: Properties): Properties {
  const users = isProperties(userAssignedIdentities) ? Object.keys(userAssignedIdentities) : [];
  return {
    type,
    ...(String(type).includes("SystemAssigned") && { principalId: uuidOf(`principal ${id}`), tenantId: tenant }),
    ...(users.length > 0 && {
      userAssignedIdentities: Object.fromEntries(
        users.map((user) => [user, { principalId: uuidOf(`principal ${user}`), clientId: uuidOf(`client ${user}`) }]),
      ),
    }),
  };
}

function uuidOf(text: string): string {
  return createHash("sha256")
    .update(keyOf(text))
    .digest("hex")
    .replace(/^(.{8})(.{4})(.{4})(.{4})(.{12}).*$/, "$1-$2-$3-$4-$5");
}
