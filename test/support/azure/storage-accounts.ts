/**
 * Plays storage accounts; an Azurite holds their blobs.
 *
 * Source: Azure REST API, "Storage Accounts".
 * Assumed: that only `primaryEndpoints.blob` matters.
 */
import type { ArmKind, ArmResource } from "./arm.ts";
import { keyOf } from "./arm-id.ts";

/** The storage accounts of one subscription. */
export class StorageAccounts {
  readonly kind: ArmKind;
  /** URL of the Azurite that holds the blobs of an account, by its name. */
  readonly endpoints = new Map<string, string>();

  constructor() {
    this.kind = {
      type: "Microsoft.Storage/storageAccounts",
      token: "azure-native:storage:StorageAccount",
      names: ["accountName"],
      naming: /^[a-z0-9]{3,24}$/,
      show: (account) => ({ primaryEndpoints: { blob: this.endpointOf(account) } }),
    };
  }

  /** Value of `primaryEndpoints.blob`. */
  endpointOf({ name }: ArmResource): string {
    return `${this.endpoints.get(keyOf(name)) ?? `https://${name}.blob.core.windows.net`}/`;
  }
}
