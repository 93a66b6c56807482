import { type Output, output } from "@pulumi/pulumi/output.js";
import type { ComponentResource } from "@pulumi/pulumi/resource.js";
import type { SourceArgs, Tags } from "../../sdk/machine/args.ts";
import { machineImageOf } from "../../sdk/machine/source.ts";
import { ACCESS } from "./access-args.ts";
import { MachineImage } from "./machine-image.ts";
import type { MachineImageArgs } from "./machine-image-args.ts";

/** Members of {@link MachineImageArgs} that a machine or fleet accepts too, for the machine image that it makes. */
const OF_IMAGE = [
  "image",
  "build",
  "arch",
  "update",
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

/** What a machine or a fleet starts from: exactly one of `image`, `build` and `machineImage`. */
export interface MachineSource extends SourceArgs<MachineImage>, Pick<MachineImageArgs, (typeof OF_IMAGE)[number]> {}

/** The machine image that was given, or one made as a child of `parent`. */
export function machineImageFor(
  what: string,
  name: string,
  args: MachineSource,
  transform: MachineImageArgs["transform"],
  parent: ComponentResource,
): MachineImage {
  const given = Object.fromEntries(OF_IMAGE.map((member) => [member, args[member]])) as unknown as MachineImageArgs;
  return machineImageOf(what, args, () => new MachineImage(`${name}-image`, { ...given, transform }, { parent }));
}

/** The program's tags, as Azure's resources take them. */
export function tagsOf(tags: Tags | undefined): Output<Record<string, string>> {
  return output(tags ?? {}).apply((tags): Record<string, string> => ({ ...tags }));
}
