import type { Input } from "@pulumi/pulumi/output.js";
import { goesOut } from "./goes-out.ts";
import type { MachineImage } from "./machine-image.ts";
import type { QemuGateArgs } from "./rollout-gate.ts";
import { mergeSecrets, type ServiceSecrets } from "./service-secrets.ts";
import type { QemuVmArgs } from "./vm.ts";

/** What a program sets of every machine, alone or in a fleet. */
type LaunchArgs = Pick<QemuVmArgs, "memoryMiB" | "cpus" | "publish" | "outbound" | "userData" | "secrets">;

/** What a machine of an image is launched with, alone or in a fleet. */
export function launchArguments(
  { memoryMiB, cpus, publish, outbound, userData, secrets }: LaunchArgs,
  image: MachineImage,
): Omit<QemuGateArgs, "fleet" | "count" | "maxUnavailable" | "healthTimeout" | "network" | "hosts"> {
  const { kernel, initrd, root, disk, diskFormat, cmdline, digest, arch } = image;
  return {
    kernel,
    initrd,
    root,
    disk,
    diskFormat,
    cmdline,
    digest,
    arch,
    memoryMiB,
    cpus,
    publish,
    outbound: outbound ?? goesOut(image.nodes.build.definition, publish),
    userData,
    secrets: mergeSecrets(image.secrets, (secrets ?? {}) as Input<ServiceSecrets>),
  };
}
