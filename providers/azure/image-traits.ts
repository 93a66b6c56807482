import { refused } from "../../sdk/machine/check-arguments.ts";
import { checkKeys } from "../../sdk/machine/secure-boot-keys.ts";
import { checkTags } from "./tags.ts";
import type { ImageTraits, MachineImageArgs } from "./machine-image-args.ts";

/** Checks what Azure would refuse only after the upload. @throws INVALID_DEFINITION */
export function checkImage(name: string, args: MachineImageArgs): void {
  checkKeys(name, args, "vhd");
  checkTags(name, args.tags);
}

/** @throws INVALID_DEFINITION for arguments that exclude each other */
export function traitsOf(
  name: string,
  {
    kind = "gallery",
    generalized = kind === "image",
    trustedLaunch = kind === "gallery",
    secureBootKeys,
    definitionId,
    copyTo,
    arch,
  }: MachineImageArgs,
): ImageTraits {
  const refuse = (what: string, got: string, want: string): never => {
    throw refused(name, what, got, want);
  };
  if (kind === "image") {
    if (!generalized) refuse("generalized", "false for a managed image", "true: Azure starts only generalized managed images");
    if (trustedLaunch || secureBootKeys !== undefined)
      refuse("trustedLaunch", "it for a managed image", 'kind "gallery": managed images do not support it');
    if (definitionId !== undefined) refuse("definitionId", "an id for a managed image", 'kind "gallery"');
    if (copyTo !== undefined && copyTo.length > 0)
      refuse("copyTo", "regions for a managed image", 'kind "gallery": a managed image is in one region');
    if (arch === "arm64") refuse("arch", "arm64 for a managed image", 'kind "gallery": Azure has no managed images for arm64');
  }
  if (secureBootKeys !== undefined && !trustedLaunch) refuse("secureBootKeys", "keys without trusted launch", "trustedLaunch: true too");
  return { generalized, trustedLaunch, secureBoot: secureBootKeys !== undefined, nvme: kind === "gallery" };
}
