import { info } from "@pulumi/pulumi/log/index.js";
import { output } from "@pulumi/pulumi/output.js";
import type { ComponentResource } from "@pulumi/pulumi/resource.js";
import { refused, whenKnown } from "../../sdk/machine/check-arguments.ts";
import type { InstanceShape } from "./instance-arguments.ts";
import { traitsOf } from "./image-traits.ts";
import type { ImageTraits } from "./machine-image-args.ts";
import type { MachineSource } from "./machine-source.ts";
import { sizeOf } from "./size.ts";

/**
 * Trusted launch where image and size have it. Without it, the machine names no security type: the provider's API version, 2024-11-01, has
 * no type `Standard`, and Azure refuses it in a subscription without the feature UseStandardSecurityType (Azure/azure-cli#31234,
 * #33280). A subscription that turns trusted launch on by default does so only for an image and a size that support it
 * (Microsoft Learn, "Trusted Launch for Azure virtual machines", "Trusted Launch as default").
 */
export function securityProfile({ trustedLaunch, secureBoot }: ImageTraits, instanceType: InstanceShape["instanceType"]) {
  if (!trustedLaunch) return {};
  const profile = { securityType: "TrustedLaunch", uefiSettings: { secureBootEnabled: secureBoot, vTpmEnabled: true } };
  return { securityProfile: output(instanceType).apply((size) => (hasTrustedLaunch(size) ? profile : undefined)) };
}

/** The controller of a machine's disks, where its size has no SCSI: Azure may take SCSI for the default (kubermatic/machine-controller#1980). */
export function diskController(instanceType: InstanceShape["instanceType"]) {
  return { diskControllerType: output(instanceType).apply((size) => (sizeOf(size)?.nvmeOnly ? "NVMe" : undefined)) };
}

/**
 * Compares the size with the image, before the image is made where the program knows both, and says where a machine gets no TPM.
 *
 * @throws INVALID_DEFINITION for a size of another architecture, or one that cannot start the image
 */
export function checkSize(name: string, args: MachineSource & Pick<InstanceShape, "instanceType">, component: ComponentResource): void {
  const { instanceType, machineImage, build, trustedLaunch } = args;
  const { arch = "amd64" } = machineImage ?? build ?? args;
  const traits = machineImage?.traits ?? traitsOf(name, args);
  whenKnown([instanceType, arch], (size, arch) => {
    const found = sizeOf(size);
    if (found && found.arch !== arch)
      throw refused(name, "instanceType", `${size}, which is of ${found.arch}`, `a size of ${arch}, the image's architecture`);
  });
  whenKnown([instanceType], (size) => {
    const found = sizeOf(size);
    if (found?.generation2 === false)
      throw refused(name, "instanceType", size, "a size that starts images of generation 2, such as Standard_B2s");
    if (found?.nvmeOnly && !traits.nvme)
      throw refused(name, "instanceType", `${size} for a managed image`, 'kind "gallery", or a size with SCSI disks, such as Standard_B2s');
    if (!traits.trustedLaunch || hasTrustedLaunch(size)) return;
    const because = `Azure has no trusted launch for ${size}`;
    if (traits.secureBoot) throw refused(name, "secureBootKeys", "keys", `another instanceType: ${because}, and no Secure Boot`);
    if (trustedLaunch === true) throw refused(name, "trustedLaunch", "true", `nothing, or another instanceType: ${because}`);
    void info(`${because}: its machines have no TPM`, component);
  });
}

/** A size that the table does not know is taken for a new one. */
function hasTrustedLaunch(size: string): boolean {
  return sizeOf(size)?.trustedLaunch ?? true;
}
