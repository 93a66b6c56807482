import { optionalModule } from "../../sdk/core/optional-module.ts";

const { Disk } = optionalModule<typeof import("@pulumi/gcp/compute/disk.js")>("@pulumi/gcp/compute/disk.js");
const { HealthCheck } = optionalModule<typeof import("@pulumi/gcp/compute/healthCheck.js")>("@pulumi/gcp/compute/healthCheck.js");
const { Image } = optionalModule<typeof import("@pulumi/gcp/compute/image.js")>("@pulumi/gcp/compute/image.js");
const { Instance } = optionalModule<typeof import("@pulumi/gcp/compute/instance.js")>("@pulumi/gcp/compute/instance.js");
const { InstanceTemplate } = optionalModule<typeof import("@pulumi/gcp/compute/instanceTemplate.js")>(
  "@pulumi/gcp/compute/instanceTemplate.js",
);
const { RegionInstanceGroupManager } = optionalModule<typeof import("@pulumi/gcp/compute/regionInstanceGroupManager.js")>(
  "@pulumi/gcp/compute/regionInstanceGroupManager.js",
);
const { getClientConfigOutput } = optionalModule<typeof import("@pulumi/gcp/organizations/getClientConfig.js")>(
  "@pulumi/gcp/organizations/getClientConfig.js",
);
const { getProjectOutput } = optionalModule<typeof import("@pulumi/gcp/organizations/getProject.js")>(
  "@pulumi/gcp/organizations/getProject.js",
);
const { Bucket } = optionalModule<typeof import("@pulumi/gcp/storage/bucket.js")>("@pulumi/gcp/storage/bucket.js");

/** The parts of Pulumi's Google Cloud provider that the components use. */
export const gcp = {
  Bucket,
  Disk,
  HealthCheck,
  Image,
  Instance,
  InstanceTemplate,
  RegionInstanceGroupManager,
  getClientConfigOutput,
  getProjectOutput,
};
