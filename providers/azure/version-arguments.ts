import type { GalleryImageVersionArgs } from "@pulumi/azure-native/compute/galleryImageVersion.js";
import type { ImageArgs as ManagedImageArgs } from "@pulumi/azure-native/compute/image.js";
import { type Input, type Output, output } from "@pulumi/pulumi/output.js";
import { derOf, type SecureBootKeys } from "../../sdk/machine/secure-boot-keys.ts";
import type { ImageDefinition } from "./image-definition.ts";
import type { MachineImageArgs } from "./machine-image-args.ts";
import type { AzureUpload } from "./upload.ts";

/** Arguments of a gallery version made from an upload. */
export function versionArguments(
  { copyTo = [], storage, secureBootKeys }: MachineImageArgs,
  definition: ImageDefinition,
  upload: AzureUpload,
  tags: Output<Record<string, string>>,
): GalleryImageVersionArgs {
  const source = storage === undefined ? { id: upload.diskId } : { uri: upload.blobUri, storageAccountId: output(storage).accountId };
  return {
    resourceGroupName: definition.resourceGroupName,
    galleryName: definition.galleryName,
    galleryImageName: definition.name,
    galleryImageVersionName: upload.versionName,
    location: upload.location,
    storageProfile: { osDiskImage: { hostCaching: "ReadOnly", source } },
    publishingProfile: {
      targetRegions: upload.location.apply((home) =>
        [home, ...copyTo.filter((region) => placeOf(region) !== placeOf(home))].map((name) => ({ name })),
      ),
    },
    ...(secureBootKeys && {
      securityProfile: {
        uefiSettings: { signatureTemplateNames: ["NoSignatureTemplate"], additionalSignatures: signaturesOf(secureBootKeys) },
      },
    }),
    tags,
  };
}

/** Arguments of a managed image made from an upload. */
export function managedImageArguments(
  { resourceGroupName, storage }: MachineImageArgs,
  upload: AzureUpload,
  tags: Output<Record<string, string>>,
): ManagedImageArgs {
  return {
    resourceGroupName,
    // unique in the group, even when a revert uploads the same bytes before the old image is deleted
    imageName: upload.name,
    location: upload.location,
    hyperVGeneration: "V2",
    storageProfile: {
      osDisk: {
        osType: "Linux",
        osState: "Generalized",
        caching: "ReadOnly",
        ...(storage === undefined ? { managedDisk: { id: upload.diskId } } : { blobUri: upload.blobUri }),
      },
    },
    tags,
  };
}

/** Source: Azure Compute REST API, `UefiKeySignatures`. */
function signaturesOf({ pk, keks, dbs, dbxs = [] }: SecureBootKeys) {
  const key = (pem: Input<string>, name: string) => ({ type: "x509", value: [derOf(pem, name)] });
  const list = (name: string, keys: readonly Input<string>[]) => keys.map((pem, index) => key(pem, `${name}[${index}]`));
  return { pk: key(pk, "pk"), kek: list("keks", keks), db: list("dbs", dbs), ...(dbxs.length > 0 && { dbx: list("dbxs", dbxs) }) };
}

/** `West Europe` is `westeurope`. */
function placeOf(location: string): string {
  return location.replace(/ /g, "").toLowerCase();
}
