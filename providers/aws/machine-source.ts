import { type Output, output } from "@pulumi/pulumi/output.js";
import type { ComponentResource } from "@pulumi/pulumi/resource.js";
import type { SourceArgs, Tags } from "../../sdk/machine/args.ts";
import { machineImageOf } from "../../sdk/machine/source.ts";
import { type AwsAccessArgs, givenAccess } from "./access-args.ts";
import { MachineImage, type MachineImageArgs } from "./machine-image.ts";

/** What a machine or a fleet starts from: exactly one of `image`, `build` and `machineImage`. */
export interface MachineSource
  extends SourceArgs<MachineImage>,
    AwsAccessArgs,
    Pick<MachineImageArgs, "tags" | "encrypted" | "kmsKeyArn"> {}

/** The machine image that was given, or one made as a child of `parent`. */
export function machineImageFor(
  what: string,
  name: string,
  args: MachineSource,
  transform: MachineImageArgs["transform"],
  parent: ComponentResource,
): MachineImage {
  const { image, build, arch, encrypted, kmsKeyArn, tags } = args;
  return machineImageOf(
    what,
    args,
    () =>
      new MachineImage(`${name}-image`, { image, build, arch, encrypted, kmsKeyArn, tags, transform, ...givenAccess(args) }, { parent }),
  );
}

/** The tags of a resource: `Name`, unless the program sets it, and the program's. */
export function tagsOf(name: string, tags: Tags | undefined): Output<Record<string, string>> {
  return output(tags ?? {}).apply((tags): Record<string, string> => ({ Name: name, ...tags }));
}
