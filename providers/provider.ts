import { createRequire } from "node:module";
import type { AnyResourceType, Provider } from "../sdk/plugin/provider.ts";
import { DEBIAN_MIRRORS } from "../sdk/resource/debian-mirrors.ts";
import { rolloutGate } from "./rollout-gate.ts";

const { version } = createRequire(import.meta.url)("pulumi-linuxkit/package.json") as { readonly version: string };

const types: Provider["types"] = {
  "linuxkit:index:ImageBuild": async () => (await import("../sdk/resource/image-build-type.ts")).imageBuild,
  "linuxkit:index:QemuVm": async () => (await import("./qemu/qemu-vm.ts")).qemuVm(),
  "linuxkit:index:QemuDisk": async () => (await import("./qemu/qemu-disk.ts")).qemuDisk(),
  "linuxkit:index:RolloutGate": async () => rolloutGate({
    aws: async () => (await import("./aws/aws-gate.ts")).awsGate(),
    gcp: async () => (await import("./gcp/gcp-gate.ts")).gcpGate(),
    azure: async () => (await import("./azure/azure-gate.ts")).azureGate(),
    qemu: async () => (await import("./qemu/qemu-gate.ts")).qemuGate(),
  }),
  "linuxkit:index:AwsSnapshot": async () => (await import("./aws/aws-snapshot.ts")).awsSnapshot(),
  "linuxkit:index:GcpUpload": async () => (await import("./gcp/gcp-upload.ts")).gcpUpload(),
  "linuxkit:index:AzureUpload": async () => (await import("./azure/azure-upload.ts")).azureUpload(),
};

/**
 * Every resource type of ours. What one needs is loaded when the engine first asks for it, and it is one for all requests:
 * an upload knows from the check before what its predecessor was.
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
