import { optionalModule } from "../../sdk/core/optional-module.ts";

const { getClientConfigOutput } = optionalModule<typeof import("@pulumi/azure-native/authorization/getClientConfig.js")>(
  "@pulumi/azure-native/authorization/getClientConfig.js",
);
const { Disk } = optionalModule<typeof import("@pulumi/azure-native/compute/disk.js")>("@pulumi/azure-native/compute/disk.js");
const { Gallery } = optionalModule<typeof import("@pulumi/azure-native/compute/gallery.js")>("@pulumi/azure-native/compute/gallery.js");
const { GalleryImage } = optionalModule<typeof import("@pulumi/azure-native/compute/galleryImage.js")>(
  "@pulumi/azure-native/compute/galleryImage.js",
);
const { GalleryImageVersion } = optionalModule<typeof import("@pulumi/azure-native/compute/galleryImageVersion.js")>(
  "@pulumi/azure-native/compute/galleryImageVersion.js",
);
const { Image } = optionalModule<typeof import("@pulumi/azure-native/compute/image.js")>("@pulumi/azure-native/compute/image.js");
const { VirtualMachine } = optionalModule<typeof import("@pulumi/azure-native/compute/virtualMachine.js")>(
  "@pulumi/azure-native/compute/virtualMachine.js",
);
const { VirtualMachineScaleSet } = optionalModule<typeof import("@pulumi/azure-native/compute/virtualMachineScaleSet.js")>(
  "@pulumi/azure-native/compute/virtualMachineScaleSet.js",
);
const { LoadBalancer } = optionalModule<typeof import("@pulumi/azure-native/network/loadBalancer.js")>(
  "@pulumi/azure-native/network/loadBalancer.js",
);
const { NetworkInterface } = optionalModule<typeof import("@pulumi/azure-native/network/networkInterface.js")>(
  "@pulumi/azure-native/network/networkInterface.js",
);
const { PublicIPAddress } = optionalModule<typeof import("@pulumi/azure-native/network/publicIPAddress.js")>(
  "@pulumi/azure-native/network/publicIPAddress.js",
);

/** The parts of Pulumi's Azure provider that the components use. */
export const azure = {
  Disk,
  Gallery,
  GalleryImage,
  GalleryImageVersion,
  Image,
  LoadBalancer,
  NetworkInterface,
  PublicIPAddress,
  VirtualMachine,
  VirtualMachineScaleSet,
  getClientConfigOutput,
};
