import type { ComponentResource } from "@pulumi/pulumi/resource.js";
import { checkSource } from "../../sdk/machine/source.ts";
import { MachineImage, type MachineImageArgs } from "./machine-image.ts";

/** What a machine or a fleet starts from: one of `image`, `build` and `machineImage`. */
export interface MachineSource
  extends Pick<
    MachineImageArgs,
    | "image"
    | "build"
    | "arch"
    | "bucket"
    | "bucketProject"
    | "location"
    | "secureBootKeys"
    | "tags"
    | "credentials"
    | "accessToken"
    | "impersonateServiceAccount"
  > {
  readonly machineImage?: MachineImage | undefined;
}

/** The image that was given, or one made as a child of who needs it. */
export function machineImageOf(
  name: string,
  { machineImage, image, build, ...rest }: MachineSource,
  transform: MachineImageArgs["transform"],
  parent: ComponentResource,
): MachineImage {
  checkSource(`"${name}"`, { image, build, machineImage });
  if (machineImage) return machineImage;
  const { arch, bucket, bucketProject, location, secureBootKeys, tags, credentials, accessToken, impersonateServiceAccount } = rest;
  return new MachineImage(
    `${name}-image`,
    {
      image,
      build,
      arch,
      bucket,
      bucketProject,
      location,
      secureBootKeys,
      tags,
      credentials,
      accessToken,
      impersonateServiceAccount,
      transform,
    },
    { parent },
  );
}
