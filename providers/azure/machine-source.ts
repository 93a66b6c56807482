import { type Input, type Output, output } from "@pulumi/pulumi/output.js";
import type { ComponentResource } from "@pulumi/pulumi/resource.js";
import { checkSource } from "../../sdk/machine/source.ts";
import { ACCESS } from "./access-args.ts";
import { MachineImage } from "./machine-image.ts";
import type { MachineImageArgs } from "./machine-image-args.ts";

/** What makes an image where none is given, in the words of {@link MachineImageArgs}. */
const OF_IMAGE = [
  "image",
  "build",
  "arch",
  "kind",
  "definitionId",
  "generalized",
  "trustedLaunch",
  "secureBootKeys",
  "storage",
  "tags",
  "resourceGroupName",
  "location",
  ...ACCESS,
] as const;

/** What a machine or a fleet starts from: one of `image`, `build` and `machineImage`. */
export interface MachineSource extends Pick<MachineImageArgs, (typeof OF_IMAGE)[number]> {
  readonly machineImage?: MachineImage | undefined;
  /** Tags of all that is made. @default none */
  readonly tags?: Input<Readonly<Record<string, Input<string>>>> | undefined;
}

/** The image that was given, or one made as a child of who needs it. */
export function machineImageOf(
  name: string,
  { machineImage, ...args }: MachineSource,
  transform: MachineImageArgs["transform"],
  parent: ComponentResource,
): MachineImage {
  checkSource(`"${name}"`, { image: args.image, build: args.build, machineImage });
  if (machineImage) return machineImage;
  const given = Object.fromEntries(OF_IMAGE.map((member) => [member, args[member]])) as unknown as MachineImageArgs;
  return new MachineImage(`${name}-image`, { ...given, transform }, { parent });
}

/** The tags of what is launched. */
export function tagsOf(tags: MachineSource["tags"]): Output<Record<string, string>> {
  return output(tags ?? {}).apply((tags): Record<string, string> => ({ ...tags }));
}
