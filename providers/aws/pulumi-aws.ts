import { optionalModule } from "../../sdk/core/optional-module.ts";

const { Group } = optionalModule<typeof import("@pulumi/aws/autoscaling/group.js")>("@pulumi/aws/autoscaling/group.js");
const { Volume } = optionalModule<typeof import("@pulumi/aws/ebs/volume.js")>("@pulumi/aws/ebs/volume.js");
const { Ami } = optionalModule<typeof import("@pulumi/aws/ec2/ami.js")>("@pulumi/aws/ec2/ami.js");
const { AmiCopy } = optionalModule<typeof import("@pulumi/aws/ec2/amiCopy.js")>("@pulumi/aws/ec2/amiCopy.js");
const { getInstanceType } = optionalModule<typeof import("@pulumi/aws/ec2/getInstanceType.js")>("@pulumi/aws/ec2/getInstanceType.js");
const { getSubnetOutput } = optionalModule<typeof import("@pulumi/aws/ec2/getSubnet.js")>("@pulumi/aws/ec2/getSubnet.js");
const { Instance } = optionalModule<typeof import("@pulumi/aws/ec2/instance.js")>("@pulumi/aws/ec2/instance.js");
const { LaunchTemplate } = optionalModule<typeof import("@pulumi/aws/ec2/launchTemplate.js")>("@pulumi/aws/ec2/launchTemplate.js");
const { VolumeAttachment } = optionalModule<typeof import("@pulumi/aws/ec2/volumeAttachment.js")>("@pulumi/aws/ec2/volumeAttachment.js");
const { getCallerIdentityOutput } = optionalModule<typeof import("@pulumi/aws/getCallerIdentity.js")>("@pulumi/aws/getCallerIdentity.js");
const { getRegionOutput } = optionalModule<typeof import("@pulumi/aws/getRegion.js")>("@pulumi/aws/getRegion.js");

/** The parts of Pulumi's AWS provider that the components use. */
export const aws = {
  Ami,
  AmiCopy,
  Group,
  Instance,
  LaunchTemplate,
  Volume,
  VolumeAttachment,
  getCallerIdentityOutput,
  getInstanceType,
  getRegionOutput,
  getSubnetOutput,
};
