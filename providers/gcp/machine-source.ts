import type { ComponentResource } from "@pulumi/pulumi/resource.js";
import type { SourceArgs } from "../../sdk/machine/args.ts";
import { machineImageOf } from "../../sdk/machine/source.ts";
import { type GcpAccessArgs, givenAccess } from "./access-args.ts";
import { MachineImage } from "./machine-image.ts";
import type { MachineImageArgs } from "./machine-image-args.ts";

/** What a machine or a fleet starts from: exactly one of `image`, `build` and `machineImage`. */
export interface MachineSource
  extends SourceArgs<MachineImage>,
    GcpAccessArgs,
    Pick<MachineImageArgs, "tags" | "bucket" | "bucketProject" | "location" | "secureBootKeys"> {}

/** The machine image that was given, or one made as a child of `parent`. */
export function machineImageFor(
  what: string,
  name: string,
  args: MachineSource,
  transform: MachineImageArgs["transform"],
  parent: ComponentResource,
): MachineImage {
  const { image, build, arch, update, tags, bucket, bucketProject, location, secureBootKeys } = args;
  const given = { image, build, arch, update, tags, bucket, bucketProject, location, secureBootKeys, transform, ...givenAccess(args) };
  return machineImageOf(what, args, () => new MachineImage(`${name}-image`, given, { parent }));
}
