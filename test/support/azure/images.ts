/**
 * Plays managed images, and the look-up of the image that a machine starts from.
 *
 * Source: Azure REST API, "Images".
 * Source: Azure, "Trusted Launch for Azure virtual machines", on what managed images lack; "FAQ for remote NVMe disks", on the
 * feature DiskControllerTypes.
 * Assumed: the codes and words of refusals.
 */
import { type Arm, type ArmKind, type ArmResource, placeOf, stateOf } from "./arm.ts";
import { textAt } from "./arm-shape.ts";
import type { ManagedDisks } from "./disks.ts";
import { DEFINITIONS, definitionOf, latestOf, featureOf, regionsOf, VERSIONS } from "./galleries.ts";
import { AzureRefusal } from "./refusal.ts";

const IMAGES = "Microsoft.Compute/images";

/** Properties of an image that decide which machines it can start. */
export interface LaunchImage {
  /** ID of the image version or managed image. */
  readonly id: string;
  readonly osState: "Generalized" | "Specialized";
  readonly generation: string;
  readonly arch: "x64" | "Arm64";
  readonly securityType: string | undefined;
  /** Controllers whose disks it starts from. */
  readonly controllers: readonly string[];
}

/** The resource type of managed images. */
export function imageKind(arm: () => Arm, disks: ManagedDisks): ArmKind {
  return {
    type: IMAGES,
    token: "azure-native:compute:Image",
    names: ["imageName"],
    naming: /^[A-Za-z0-9]([A-Za-z0-9_.-]{0,78}[A-Za-z0-9_])?$/,
    immutable: ["properties.storageProfile", "properties.hyperVGeneration", "properties.sourceVirtualMachine"],
    check(image, old) {
      const { body } = image;
      const source = textAt(body, "properties.storageProfile.osDisk.managedDisk.id");
      if (old || textAt(body, "properties.storageProfile.osDisk.blobUri") !== undefined) return;
      const disk = arm().find(source, "Microsoft.Compute/disks");
      if (!disk) throw new AzureRefusal(404, "ResourceNotFound", `The disk '${source}' of the image was not found.`);
      if (disk.body.location !== placeOf(String(body.location)))
        throw new AzureRefusal(
          400,
          "InvalidParameter",
          `The disk '${disk.id}' is in ${String(disk.body.location)}, and the image in ${String(body.location)}.`,
        );
      disks.usable(disk);
      if ((textAt(disk.body, "properties.hyperVGeneration") ?? "V1") !== (textAt(body, "properties.hyperVGeneration") ?? "V1"))
        throw new AzureRefusal(400, "InvalidParameter", "The disk's hyperVGeneration and that of the image are not the same.");
      if (textAt(disk.body, "properties.supportedCapabilities.architecture") === "Arm64")
        throw new AzureRefusal(400, "InvalidParameter", "Managed images of Arm64 are not supported.");
      if (textAt(disk.body, "properties.securityProfile.securityType") !== undefined)
        throw new AzureRefusal(400, "InvalidParameter", "Managed images of a disk with trusted launch are not supported.");
    },
  };
}

/**
 * The image that `imageReference.id` names, for a machine in `place`.
 *
 * @throws GalleryImageNotFound, OperationNotAllowed
 */
export function launchImage(arm: Arm, id: string | undefined, place: string): LaunchImage {
  const managed = arm.find(id, IMAGES);
  if (managed)
    return checkPlace(
      {
        id: managed.id,
        osState: (textAt(managed.body, "properties.storageProfile.osDisk.osState") ?? "Generalized") as LaunchImage["osState"],
        generation: textAt(managed.body, "properties.hyperVGeneration") ?? "V1",
        arch: "x64",
        securityType: undefined,
        controllers: ["SCSI"],
      },
      [String(managed.body.location)],
      place,
    );
  const definition = arm.find(id, DEFINITIONS);
  const version = definition ? latestOf(arm, definition, place) : arm.find(id, VERSIONS);
  if (!version)
    throw new AzureRefusal(
      404,
      "GalleryImageNotFound",
      `The gallery image ${id} is not available in ${place} region. Please contact image owner to replicate to this region, or change your requested region.`,
    );
  if (stateOf(version) !== "Succeeded")
    throw new AzureRefusal(409, "OperationNotAllowed", `The gallery image version ${version.id} is in state ${stateOf(version)}.`);
  return checkPlace(traitsOf(version, definitionOf(arm, version)), regionsOf(version), place);
}

function traitsOf({ id }: ArmResource, definition: ArmResource): LaunchImage {
  const { body } = definition;
  return {
    id,
    osState: textAt(body, "properties.osState") as LaunchImage["osState"],
    generation: textAt(body, "properties.hyperVGeneration") ?? "V1",
    arch: (textAt(body, "properties.architecture") ?? "x64") as LaunchImage["arch"],
    securityType: featureOf(definition, "SecurityType"),
    controllers: (featureOf(definition, "DiskControllerTypes") ?? "SCSI").split(/, */),
  };
}

function checkPlace(image: LaunchImage, places: readonly string[], place: string): LaunchImage {
  if (!places.includes(place))
    throw new AzureRefusal(
      404,
      "GalleryImageNotFound",
      `The gallery image ${image.id} is not available in ${place} region. Please contact image owner to replicate to this region, or change your requested region.`,
    );
  return image;
}
