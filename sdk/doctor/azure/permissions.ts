/** A part of a program that needs rights of its own. */
export type Part = "image" | "machine" | "fleet" | "balancer" | "storage";

/**
 * The actions of what this package's plugin asks Azure Resource Manager. `test/doctor/azure` compares them with its sources.
 *
 * Source: Microsoft Learn, "Azure permissions for Compute", "for Storage" and "for Management and governance".
 */
export const OF_PLUGIN: Readonly<Partial<Record<Part, readonly string[]>>> = {
  image: [
    "Microsoft.Compute/disks/beginGetAccess/action",
    "Microsoft.Compute/disks/delete",
    "Microsoft.Compute/disks/endGetAccess/action",
    "Microsoft.Compute/disks/read",
    "Microsoft.Compute/disks/write",
    "Microsoft.Compute/galleries/images/versions/read",
    "Microsoft.Resources/subscriptions/read",
    "Microsoft.Resources/subscriptions/resourceGroups/read",
  ],
  storage: ["Microsoft.Storage/storageAccounts/read"],
  fleet: [
    "Microsoft.Compute/virtualMachineScaleSets/read",
    "Microsoft.Compute/virtualMachineScaleSets/rollingUpgrades/read",
    "Microsoft.Compute/virtualMachineScaleSets/virtualMachines/instanceView/read",
    "Microsoft.Compute/virtualMachineScaleSets/virtualMachines/read",
    "Microsoft.Compute/virtualMachineScaleSets/write",
    "Microsoft.Compute/virtualMachineScaleSets/rollingUpgrades/action",
  ],
};

/**
 * The actions of what Pulumi's Azure provider asks for our components' resources: read, write and delete of each type, and what a
 * resource joins.
 *
 * Source: Microsoft Learn, "Azure permissions for Compute" and "for Networking".
 */
const OF_PROVIDER: Readonly<Partial<Record<Part, readonly string[]>>> = {
  image: [
    ...managed("Microsoft.Compute/galleries"),
    ...managed("Microsoft.Compute/galleries/images"),
    ...managed("Microsoft.Compute/galleries/images/versions"),
    ...managed("Microsoft.Compute/images"),
  ],
  machine: [
    ...managed("Microsoft.Compute/virtualMachines"),
    ...managed("Microsoft.Network/networkInterfaces"),
    "Microsoft.Network/networkInterfaces/join/action",
    "Microsoft.Network/virtualNetworks/subnets/join/action",
  ],
  fleet: ["Microsoft.Compute/virtualMachineScaleSets/delete", "Microsoft.Network/virtualNetworks/subnets/join/action"],
  balancer: [
    ...managed("Microsoft.Network/loadBalancers"),
    "Microsoft.Network/loadBalancers/backendAddressPools/join/action",
    "Microsoft.Network/loadBalancers/probes/join/action",
  ],
};

/** What these checks read beside it. */
export const OF_DOCTOR: readonly string[] = [
  "Microsoft.Authorization/locks/read",
  "Microsoft.Authorization/permissions/read",
  "Microsoft.Compute/locations/usages/read",
  "Microsoft.Compute/skus/read",
  "Microsoft.Network/networkSecurityGroups/read",
  "Microsoft.Network/virtualNetworks/subnets/read",
  "Microsoft.Resources/subscriptions/providers/read",
  "Microsoft.Resources/subscriptions/read",
  "Microsoft.Resources/subscriptions/resourceGroups/read",
];

function managed(type: string): readonly string[] {
  return [`${type}/delete`, `${type}/read`, `${type}/write`];
}

/** All actions of the plugin and the provider for some parts of a program. */
export function actionsOf(parts: readonly Part[]): readonly string[] {
  return [...new Set(parts.flatMap((part) => [...(OF_PLUGIN[part] ?? []), ...(OF_PROVIDER[part] ?? [])]))].sort();
}

/** A custom role, as `az role definition create --role-definition ROLE.json` takes it. Source: Microsoft Learn, "Azure custom roles". */
export function roleOf(parts: readonly Part[], scope: string): object {
  return {
    Name: "pulumi-linuxkit",
    Description: "What an update with pulumi-linuxkit needs, and pulumi-linuxkit doctor",
    Actions: [...new Set([...actionsOf(parts), ...OF_DOCTOR])].sort(),
    NotActions: [],
    // the bytes of a page blob go to a storage account only
    DataActions: parts.includes("storage")
      ? [
          "Microsoft.Storage/storageAccounts/blobServices/containers/blobs/delete",
          "Microsoft.Storage/storageAccounts/blobServices/containers/blobs/read",
          "Microsoft.Storage/storageAccounts/blobServices/containers/blobs/write",
        ]
      : [],
    AssignableScopes: [scope],
  };
}

/** What a role assignment grants. Source: Microsoft Learn, REST API "Permissions - List For Resource Group". */
export interface Granted {
  readonly actions?: readonly string[];
  readonly notActions?: readonly string[];
}

/** Whether grants allow an action: `*` stands for any text, and case does not count. Source: "Understand Azure role definitions". */
export function allows(grants: readonly Granted[], action: string): boolean {
  const matches = (pattern: string): boolean =>
    new RegExp(
      `^${pattern
        .split("*")
        .map((part) => part.replace(/[.\\+?^${}()|[\]]/g, "\\$&"))
        .join(".*")}$`,
      "i",
    ).test(action);
  return grants.some(({ actions = [], notActions = [] }) => actions.some(matches) && !notActions.some(matches));
}
