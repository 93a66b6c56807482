import type { Gallery } from "@pulumi/azure-native/compute/gallery.js";
import type { GalleryImage } from "@pulumi/azure-native/compute/galleryImage.js";
import { getProject, getStack } from "@pulumi/pulumi/metadata.js";
import { type Output, output } from "@pulumi/pulumi/output.js";
import type { CustomResourceOptions } from "@pulumi/pulumi/resource.js";
import type { Arch } from "../../sdk/core/arch.ts";
import { LinuxKitError } from "../../sdk/core/errors.ts";
import { keepNames } from "../../sdk/machine/keep-names.ts";
import { transformed } from "../../sdk/machine/transform.ts";
import type { ImageTraits, MachineImageArgs } from "./machine-image-args.ts";
import { GALLERY, IDENTIFIER, nameOf } from "./names.ts";
import { azure } from "./pulumi-azure.ts";

/** The gallery image definition that versions are added to. */
export interface ImageDefinition {
  /** Id of the image definition. */
  readonly id: Output<string>;
  /** The resource group of the gallery. */
  readonly resourceGroupName: Output<string>;
  /** The gallery's name. */
  readonly galleryName: Output<string>;
  /** The image definition's name. */
  readonly name: Output<string>;
  /** The resources behind it; undefined for a definition of the program's own. */
  readonly nodes?: {
    /** The gallery. */
    readonly gallery: Gallery;
    /** The image definition. */
    readonly definition: GalleryImage;
  };
}

const ID = /\/resourceGroups\/([^/]+)\/providers\/Microsoft\.Compute\/galleries\/([^/]+)\/images\/([^/]+)$/i;

/** The program's definition, else a new one in a new gallery. @throws INVALID_DEFINITION for an id of something else */
export function imageDefinition(
  name: string,
  args: MachineImageArgs,
  traits: ImageTraits,
  arch: Output<Arch>,
  child: CustomResourceOptions,
): ImageDefinition {
  const { definitionId, resourceGroupName, location, description, transform } = args;
  if (definitionId !== undefined) {
    const id = output(definitionId);
    const part = (index: number): Output<string> => id.apply((id) => partOf(id, index));
    return { id, resourceGroupName: part(1), galleryName: part(2), name: part(3) };
  }
  const common = {
    resourceGroupName,
    ...(location !== undefined && { location }),
    ...(args.tags !== undefined && { tags: output(args.tags).apply((tags) => ({ ...tags })) }),
  };
  // Pulumi's auto-names contain a dash, which a gallery's name may not: project and stack make it unique in the subscription
  const galleryName = nameOf(`${getProject()}_${getStack()}_${name}`, GALLERY);
  const galleryArgs = transformed(transform?.gallery, { ...common, galleryName }, `${name}-gallery`);
  const gallery = new azure.Gallery(`${name}-gallery`, galleryArgs, { ...child, ...keepNames(galleryArgs, { galleryName }) });
  const offer = nameOf(`${getProject()}-${getStack()}`, IDENTIFIER);
  const identifier = { publisher: "pulumi-linuxkit", offer, sku: nameOf(name, IDENTIFIER) };
  // accelerated networking is not claimed: its drivers, mlx5_core and mana, are no default modules, and netvsc works without them.
  // A size of generation 6 or later has NVMe disks only. Source: Microsoft Learn, "FAQ for remote NVMe disks"
  const features = [
    { name: "DiskControllerTypes", value: "SCSI, NVMe" },
    ...(traits.trustedLaunch ? [{ name: "SecurityType", value: "TrustedLaunchSupported" }] : []),
  ];
  const definitionArgs = transformed(
    transform?.definition,
    {
      ...common,
      galleryName: gallery.name,
      ...(description !== undefined && { description }),
      osType: "Linux",
      osState: traits.generalized ? "Generalized" : "Specialized",
      hyperVGeneration: "V2",
      architecture: arch.apply((arch) => (arch === "arm64" ? "Arm64" : "x64")),
      identifier,
      features,
    },
    `${name}-definition`,
  );
  const definition = new azure.GalleryImage(`${name}-definition`, definitionArgs, {
    ...child,
    // Azure changes neither: a definition keeps what it was made with
    ...keepNames(definitionArgs, { identifier, features }),
  });
  return {
    id: definition.id,
    resourceGroupName: output(resourceGroupName),
    galleryName: gallery.name,
    name: definition.name,
    nodes: { gallery, definition },
  };
}

function partOf(id: string, index: number): string {
  const part = ID.exec(id)?.[index];
  if (part === undefined)
    throw new LinuxKitError(
      "INVALID_DEFINITION",
      `definitionId: got ${JSON.stringify(id)}, wanted /subscriptions/…/resourceGroups/…/providers/Microsoft.Compute/galleries/…/images/…`,
      { path: "definitionId" },
    );
  return part;
}
