import { createRequire } from "node:module";
import type { Provider } from "../sdk/plugin/provider.ts";
import { servePlugin } from "../sdk/plugin/serve.ts";
import { rolloutGate } from "./rollout-gate.ts";
import { DEBIAN_MIRRORS } from "../sdk/resource/debian-mirrors.ts";

const { version } = createRequire(import.meta.url)("pulumi-linuxkit/package.json") as { readonly version: string };

/** Every resource type of ours. What one needs is loaded when the engine first asks for it. */
const provider: Provider = {
  name: "linuxkit",
  version,
  config: DEBIAN_MIRRORS,
  types: {
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
  },
};

await servePlugin(provider);
