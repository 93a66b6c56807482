import { createRequire } from "node:module";
import type { AnyResourceType, Provider } from "../../sdk/plugin/provider.ts";
import { DEBIAN_MIRRORS } from "../../sdk/resource/plugin/debian-mirrors.ts";
import { clusterKinds } from "./cluster-kinds.ts";
import { foreseeing } from "./foreseeing.ts";
import { rolloutGate } from "./rollout-gate.ts";

const { version } = createRequire(import.meta.url)("pulumi-linuxkit/package.json") as { readonly version: string };

const types: Provider["types"] = {
  "linuxkit:index:ImageBuild": async () => (await import("../../sdk/resource/plugin/real-builder.ts")).imageBuild,
  "linuxkit:index:ApiKeys": async () => (await import("../../sdk/resource/plugin/api-keys.ts")).apiKeys,
  "linuxkit:index:KubernetesKeys": async () => (await import("../../sdk/kubernetes/plugin/keys.ts")).kubernetesKeys,
  "linuxkit:index:QemuVm": async () => (await import("../qemu/plugin/vm.ts")).qemuVm(undefined, undefined, clusterKinds),
  "linuxkit:index:ClusterKeys": async () => (await import("../../sdk/cluster/plugin/keys.ts")).clusterKeys,
  "linuxkit:index:QemuCluster": async () => (await import("../qemu/plugin/cluster.ts")).qemuCluster(),
  "linuxkit:index:QemuDisk": async () => (await import("../qemu/plugin/disk.ts")).qemuDisk(),
  "linuxkit:index:QemuNetwork": async () => (await import("../qemu/plugin/network.ts")).qemuNetwork(),
  "linuxkit:index:RolloutGate": async () =>
    rolloutGate({
      aws: async () => (await import("../aws/plugin/gate.ts")).awsGate(),
      gcp: async () => (await import("../gcp/plugin/gate.ts")).gcpGate(),
      azure: async () => (await import("../azure/plugin/gate.ts")).azureGate(),
      qemu: async () => (await import("../qemu/plugin/gate.ts")).qemuGate(),
    }),
  "linuxkit:index:AwsSnapshot": async () =>
    foreseeing((await import("../aws/plugin/snapshot.ts")).awsSnapshot(), {
      cloud: "aws",
      options: { region: "region", account: "account" },
      access: (await import("../aws/plugin/access/inputs.ts")).ACCESS_NAMES,
    }),
  "linuxkit:index:GcpUpload": async () =>
    foreseeing((await import("../gcp/plugin/upload.ts")).gcpUpload(), {
      cloud: "gcp",
      options: { project: "project" },
      access: (await import("../gcp/plugin/access/inputs.ts")).ACCESS_NAMES,
    }),
  "linuxkit:index:GcpImage": async () => (await import("../gcp/plugin/image.ts")).gcpImage(),
  "linuxkit:index:AzureUpload": async () =>
    foreseeing((await import("../azure/plugin/upload.ts")).azureUpload(), {
      cloud: "azure",
      options: { subscription: "subscriptionId", "resource-group": "resourceGroupName" },
      access: (await import("../azure/plugin/access/inputs.ts")).ACCESS_NAMES,
    }),
};

/**
 * All resource types. Each is loaded when the engine first asks for it, and once: an upload keeps its previous inputs
 * between two requests.
 */
export const provider: Provider = {
  name: "linuxkit",
  version,
  config: DEBIAN_MIRRORS,
  types: Object.fromEntries(Object.entries(types).map(([token, load]) => [token, once(load)])),
};

function once(load: () => Promise<AnyResourceType>): () => Promise<AnyResourceType> {
  let loaded: Promise<AnyResourceType> | undefined;
  return () => (loaded ??= load());
}
