import { type Input, type Output, output } from "@pulumi/pulumi/output.js";
import type { ComponentResource } from "@pulumi/pulumi/resource.js";
import { checkSource } from "../../sdk/machine/source.ts";
import { type AwsAccessArgs, givenAccess } from "./access-args.ts";
import { MachineImage, type MachineImageArgs } from "./machine-image.ts";

/** What a machine or a fleet starts from: one of `image`, `build` and `machineImage`. */
export interface MachineSource extends AwsAccessArgs, Pick<MachineImageArgs, "image" | "build" | "arch" | "encrypted" | "kmsKeyArn"> {
  readonly machineImage?: MachineImage | undefined;
  /** Tags of all that is made. @default none */
  readonly tags?: Input<Readonly<Record<string, Input<string>>>> | undefined;
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
  const { arch, encrypted, kmsKeyArn, tags } = rest;
  return new MachineImage(`${name}-image`, { image, build, arch, encrypted, kmsKeyArn, tags, transform, ...givenAccess(rest) }, { parent });
}

/** The tags of what is launched: the resource's name, unless the program says another. */
export function tagsOf(name: string, tags: MachineSource["tags"]): Output<Record<string, string>> {
  return output(tags ?? {}).apply((tags): Record<string, string> => ({ Name: name, ...tags }));
}
