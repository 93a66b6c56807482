/** A part of a program that needs rights of its own. */
export type Part = "image" | "bucket" | "machine" | "fleet" | "health" | "secure" | "account";

/**
 * What each operation of this package's plugin needs. `test/doctor/gcp` compares the operations with its sources.
 *
 * Source: Compute Engine API and Cloud Storage JSON API, "IAM permissions" of each method; Cloud Storage, "IAM permissions for JSON
 * methods" (a resumable upload needs storage.objects.create, and delete where it overwrites).
 */
export const OF_PLUGIN: Readonly<Partial<Record<Part, readonly string[]>>> = {
  image: [
    "compute.globalOperations.get",
    "compute.images.create",
    "compute.images.delete",
    "compute.images.get",
    "compute.images.setLabels",
    "storage.buckets.get",
    "storage.objects.create",
    "storage.objects.delete",
    "storage.objects.get",
  ],
  fleet: [
    "compute.instanceGroupManagers.get",
    "compute.instanceGroupManagers.update",
    "compute.instanceTemplates.useReadOnly",
    "compute.regionOperations.get",
  ],
};

/**
 * What Pulumi's Google Cloud provider needs for our components' resources.
 *
 * Source: hashicorp/terraform-provider-google, google/services/compute and storage: the methods of each resource's create, read,
 * update and delete; Compute Engine API, "IAM permissions" of each method.
 */
const OF_PROVIDER: Readonly<Partial<Record<Part, readonly string[]>>> = {
  image: ["compute.images.useReadOnly", "compute.projects.get"],
  bucket: ["storage.buckets.create", "storage.buckets.delete", "storage.buckets.update", "storage.objects.list"],
  machine: [
    "compute.disks.create",
    "compute.disks.get",
    "compute.disks.setLabels",
    "compute.images.useReadOnly",
    "compute.instances.create",
    "compute.instances.delete",
    "compute.instances.get",
    "compute.instances.setLabels",
    "compute.instances.setMetadata",
    "compute.instances.setTags",
    "compute.instances.start",
    "compute.instances.stop",
    "compute.instances.update",
    "compute.machineTypes.get",
    "compute.subnetworks.use",
    "compute.subnetworks.useExternalIp",
    "compute.zoneOperations.get",
    "compute.zones.get",
  ],
  fleet: [
    "compute.disks.create",
    "compute.globalOperations.get",
    "compute.images.useReadOnly",
    "compute.instanceGroupManagers.create",
    "compute.instanceGroupManagers.delete",
    "compute.instanceGroups.create",
    "compute.instanceGroups.delete",
    "compute.instanceTemplates.create",
    "compute.instanceTemplates.delete",
    "compute.instanceTemplates.get",
    "compute.instances.create",
    "compute.instances.delete",
    "compute.instances.setMetadata",
    "compute.instances.setTags",
    "compute.subnetworks.use",
    "compute.subnetworks.useExternalIp",
  ],
  health: [
    "compute.healthChecks.create",
    "compute.healthChecks.delete",
    "compute.healthChecks.get",
    "compute.healthChecks.update",
    "compute.healthChecks.useReadOnly",
  ],
  account: ["iam.serviceAccounts.actAs"],
};

/** What these checks need. A project's own testIamPermissions needs no right. */
export const OF_DOCTOR: readonly string[] = [
  "compute.firewalls.list",
  "compute.machineTypes.get",
  "compute.projects.get",
  "compute.regions.get",
  "compute.routers.list",
  "compute.subnetworks.get",
  "orgpolicy.policy.get",
  "storage.buckets.get",
];

/** All permissions of the plugin and the provider for some parts of a program. */
export function permissionsOf(parts: readonly Part[]): readonly string[] {
  return [...new Set(parts.flatMap((part) => [...(OF_PLUGIN[part] ?? []), ...(OF_PROVIDER[part] ?? [])]))].sort();
}

/** A custom role, as `gcloud iam roles create NAME --project P --file ROLE.json` takes it. */
export function roleOf(parts: readonly Part[]): object {
  return {
    title: "pulumi-linuxkit",
    description: "What an update with pulumi-linuxkit needs, and pulumi-linuxkit doctor",
    stage: "GA",
    // Source: IAM, "Create and manage custom roles": orgpolicy.policy.get is supported in custom roles of organizations only
    includedPermissions: [...new Set([...permissionsOf(parts), ...OF_DOCTOR])].filter((name) => name !== "orgpolicy.policy.get").sort(),
  };
}
