import { all, type Input, type Output, output } from "@pulumi/pulumi/output.js";
import type { ComponentResource } from "@pulumi/pulumi/resource.js";
import { LinuxKitError } from "../../sdk/core/errors.ts";
import type { SourceArgs, Tags } from "../../sdk/machine/args.ts";
import type { SecretReferences } from "../../sdk/machine/secret-references.ts";
import { secretTagsOf } from "../../sdk/machine/secret-tags.ts";
import { machineImageOf } from "../../sdk/machine/source.ts";
import { transformed } from "../../sdk/machine/transform.ts";
import { type AwsAccessArgs, givenAccess } from "./access-args.ts";
import { suitable } from "./instance-type.ts";
import { hasTpm, MachineImage, originOf, type MachineImageArgs } from "./machine-image.ts";
import { SECRET_FORM } from "./machine-secrets.ts";
import { aws } from "./pulumi-aws.ts";

/** What a machine or a fleet starts from: exactly one of `image`, `build` and `machineImage`. */
export interface MachineSource
  extends SourceArgs<MachineImage>,
    AwsAccessArgs,
    Pick<MachineImageArgs, "tags" | "encrypted" | "kmsKeyArn" | "tpm"> {}

/** What a machine or a fleet launches. */
interface Launched {
  readonly machineImage: MachineImage;
  /** The AMI in the region of the machine. */
  readonly imageId: Output<string>;
  /** The type, which can run the image. */
  readonly instanceType: Output<string>;
  /** The tags of its secret references, which its services know. */
  readonly secretTags: readonly Output<Record<string, string>>[];
}

/** Arguments of a machine or fleet, with what it launches. */
export type Launching<Args> = Args & Pick<Launched, "imageId" | "instanceType" | "secretTags">;

/** The machine image that was given, or one made as a child of `parent`, of which nothing is sent before its instance type and secrets are checked. */
export function machineImageFor(
  what: string,
  name: string,
  args: MachineSource & { readonly instanceType: Input<string>; readonly secrets?: SecretReferences | undefined },
  transform: MachineImageArgs["transform"],
  parent: ComponentResource,
): Launched {
  const { image, build, arch, update, encrypted, kmsKeyArn, tpm, tags } = args;
  const given = args.machineImage;
  const runs = {
    arch: given?.arch ?? build?.arch ?? arch ?? "amd64",
    tpm: given ? originOf(given).tpm : hasTpm(args),
    definition: given?.nodes.build.definition ?? image?.spec ?? build?.definition,
  };
  const instanceType = suitable(what, args.instanceType, runs, parent);
  const secretTags = secretTagsOf(name, args.secrets, runs.definition, SECRET_FORM);
  const gated: MachineImageArgs["transform"] = {
    ...transform,
    snapshot: (wanted, snapshot) => {
      const given = transformed(transform?.snapshot, wanted, snapshot);
      return { ...given, file: all([given.file, instanceType, all(secretTags)]).apply(([file]) => file) };
    },
  };
  const own = { image, build, arch, update, encrypted, kmsKeyArn, tpm, tags, transform: gated, ...givenAccess(args) };
  const machineImage = machineImageOf(what, args, () => new MachineImage(`${name}-image`, own, { parent }));
  const region = aws.getRegionOutput({}, { parent }).region;
  const home = originOf(machineImage).region;
  const copies = machineImage.nodes.copies;
  // a copy's id is known only when it is made; the regions are known before
  const imageId = all([region, home]).apply(([here, home]) => {
    const copy = copies[here];
    if (here === home || copy !== undefined) return copy?.id ?? machineImage.imageId;
    throw new LinuxKitError(
      "INVALID_DEFINITION",
      `${what}: machineImage: got an image in ${[home, ...Object.keys(copies)].join(" and ")}, wanted one in ${here}, the region of the provider: add it to copyTo of the machine image`,
      { path: "machineImage" },
    );
  });
  return { machineImage, imageId, instanceType, secretTags };
}

/** The tags of a resource: `Name`, unless the program sets it, and the program's. */
export function tagsOf(name: string, tags: Tags | undefined): Output<Record<string, string>> {
  return output(tags ?? {}).apply((tags): Record<string, string> => ({ Name: name, ...tags }));
}
