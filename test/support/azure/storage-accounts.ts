import type { ArmKind, ArmResource } from "./arm.ts";
import { keyOf } from "./arm-id.ts";

/** Storage accounts, whose blobs another server holds. Source: Azure REST API, "Storage Accounts". */
export class StorageAccounts {
  readonly kind: ArmKind;
  /** Where the blobs of an account are, by its name: the address of an Azurite. */
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

  /** As `primaryEndpoints.blob` shows it. */
  endpointOf({ name }: ArmResource): string {
    return `${this.endpoints.get(keyOf(name)) ?? `https://${name}.blob.core.windows.net`}/`;
  }
}
