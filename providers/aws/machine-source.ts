import type { Input } from "@pulumi/pulumi/output.js";
import type { ComponentResource } from "@pulumi/pulumi/resource.js";
import { LinuxKitError } from "../../sdk/core/errors.ts";
import { MachineImage, type MachineImageArgs } from "./machine-image.ts";

/** What a machine or a fleet starts from: one of `image`, `build` and `machineImage`. */
export interface MachineSource extends Pick<MachineImageArgs, "image" | "build" | "arch" | "profile" | "assumeRole" | "encrypted" | "kmsKeyArn"> {
  readonly machineImage?: MachineImage | undefined;
  /** Tags of all that is made. @default none */
  readonly tags?: Input<Readonly<Record<string, Input<string>>>> | undefined;
}

/** The image that was given, or one made as a child of who needs it. */
export function machineImageOf(name: string, { machineImage, image, build, ...rest }: MachineSource, transform: MachineImageArgs["transform"], parent: ComponentResource): MachineImage {
  const given = Object.entries({ image, build, machineImage }).flatMap(([key, value]) => (value === undefined ? [] : [key]));
  if (given.length !== 1) throw new LinuxKitError("INVALID_DEFINITION", `"${name}": got ${given.join(" and ") || "nothing to run"}, wanted one of image, build and machineImage`, { path: "image" });
  if (machineImage) return machineImage;
  const { arch, profile, assumeRole, encrypted, kmsKeyArn, tags } = rest;
  return new MachineImage(`${name}-image`, { image, build, arch, profile, assumeRole, encrypted, kmsKeyArn, tags, transform }, { parent });
}
