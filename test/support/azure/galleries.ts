/**
 * Plays Azure Compute Galleries: galleries, image definitions, image versions.
 *
 * Source: Azure REST API, "Galleries", "Gallery Images", "Gallery Image Versions".
 * Source: Azure, "Store and share images in an Azure Compute Gallery"; "Secure Boot UEFI keys"; "Naming rules and
 * restrictions for Azure resources".
 * Source: Azure, "Trusted launch FAQs", on galleries: the source of a version that supports it may be a managed disk; "FAQ for
 * remote NVMe disks", on the feature DiskControllerTypes; Azure/azure-cli#24142, on the form of a feature's value.
 * Source: terraform-provider-azurerm, `SharedImageIdentifierAttribute`: lengths and form of publisher, offer and sku.
 * Assumed: the codes and words of refusals.
 */
import type { Properties } from "../../../sdk/plugin/value.ts";
import { type Arm, type ArmKind, type ArmResource, placeOf, stateOf } from "./arm.ts";
import { parentOf } from "./arm-id.ts";
import { listAt, textAt, valueAt } from "./arm-shape.ts";
import type { ManagedDisks } from "./disks.ts";
import { AzureRefusal } from "./refusal.ts";
import type { StorageAccounts } from "./storage-accounts.ts";

const DISKS = "Microsoft.Compute/disks";
const GALLERIES = "Microsoft.Compute/galleries";
export const DEFINITIONS = `${GALLERIES}/images`;
export const VERSIONS = `${DEFINITIONS}/versions`;
const INT32 = 2 ** 31 - 1;

/** Values of a definition's feature `SecurityType`. */
const SECURITY_TYPES = [
  "Standard",
  "TrustedLaunch",
  "TrustedLaunchSupported",
  "ConfidentialVM",
  "ConfidentialVMSupported",
  "TrustedLaunchAndConfidentialVmSupported",
];

/** Security types whose versions may have their own UEFI keys. */
const TAKES_KEYS = ["TrustedLaunchSupported", "TrustedLaunchAndConfidentialVmSupported"];

/** The three resource types of galleries. */
export function galleryKinds(arm: () => Arm, disks: ManagedDisks, storage: StorageAccounts): ArmKind[] {
  return [
    {
      type: GALLERIES,
      token: "azure-native:compute:Gallery",
      names: ["galleryName"],
      naming: /^[A-Za-z0-9][A-Za-z0-9_.]{0,78}[A-Za-z0-9]$/,
    },
    {
      type: DEFINITIONS,
      token: "azure-native:compute:GalleryImage",
      names: ["galleryName", "galleryImageName"],
      naming: /^[A-Za-z0-9][A-Za-z0-9_.-]{0,78}[A-Za-z0-9]$/,
      immutable: ["osType", "osState", "hyperVGeneration", "architecture", "identifier", "features"].map((name) => `properties.${name}`),
      check: (definition, old) => checkDefinition(arm(), definition, old),
    },
    {
      type: VERSIONS,
      token: "azure-native:compute:GalleryImageVersion",
      names: ["galleryName", "galleryImageName", "galleryImageVersionName"],
      naming: /^\d+\.\d+\.\d+$/,
      immutable: ["properties.storageProfile", "properties.securityProfile"],
      check: (version, old) => checkVersion(arm(), { disks, storage }, version, old),
      show: (version, query) => ({ ...(query.get("$expand") === "ReplicationStatus" && { replicationStatus: replicationOf(version) }) }),
    },
  ];
}

/** The definition of a version. */
export function definitionOf(arm: Arm, version: ArmResource): ArmResource {
  const definition = arm.find(parentOf(version.id), DEFINITIONS);
  if (!definition) throw new AzureRefusal(404, "ResourceNotFound", `The definition of '${version.id}' was not found.`);
  return definition;
}

/** A feature of a definition; undefined if missing. */
export function featureOf({ body }: ArmResource, wanted: string): string | undefined {
  const feature = listAt(body, "properties.features").find(({ name }) => name === wanted);
  return feature && String(feature.value);
}

/** The version that a machine in `place` gets for the ID of a definition. */
export function latestOf(arm: Arm, definition: ArmResource, place: string): ArmResource | undefined {
  const versions = arm
    .of(VERSIONS)
    .filter((version) => parentOf(version.id).toLowerCase() === definition.id.toLowerCase() && stateOf(version) === "Succeeded");
  const numbers = ({ name }: ArmResource) => name.split(".").map(Number) as [number, number, number];
  return versions
    .filter(({ body }) => valueAt(body, "properties.publishingProfile.excludeFromLatest") !== true)
    .filter((version) => regionsOf(version).includes(place))
    .sort(
      (a, b) =>
        numbers(b)
          .map((number, index) => number - (numbers(a)[index] as number))
          .find((difference) => difference !== 0) ?? 0,
    )[0];
}

/** Regions in which a version can be used. */
export function regionsOf({ body }: ArmResource): string[] {
  const regions = listAt(body, "properties.publishingProfile.targetRegions").map(({ name }) => placeOf(String(name)));
  return regions.length > 0 ? regions : [String(body.location)];
}

function replicationOf(version: ArmResource): Properties {
  return { aggregatedState: "Completed", summary: regionsOf(version).map((region) => ({ region, state: "Completed", progress: 100 })) };
}

function checkDefinition(arm: Arm, { id, body }: ArmResource, old: ArmResource | undefined): void {
  const generation = textAt(body, "properties.hyperVGeneration") ?? "V1";
  const key = ({ body }: Pick<ArmResource, "body">) =>
    ["publisher", "offer", "sku"].map((name) => textAt(body, `properties.identifier.${name}`)?.toLowerCase()).join("/");
  const twin = arm
    .of(DEFINITIONS)
    .find(
      (other) =>
        other.id.toLowerCase() !== id.toLowerCase() &&
        parentOf(other.id).toLowerCase() === parentOf(id).toLowerCase() &&
        key(other) === key({ body }),
    );
  if (!old && twin)
    throw new AzureRefusal(
      409,
      "Conflict",
      `The gallery image '${twin.id}' has the same publisher, offer and sku. They are unique in a gallery.`,
    );
  if (textAt(body, "properties.architecture") === "Arm64" && generation !== "V2")
    throw new AzureRefusal(400, "InvalidParameter", "The architecture Arm64 is supported with hyperVGeneration V2 only.");
  for (const [name, longest] of Object.entries({ publisher: 128, offer: 64, sku: 64 })) {
    const text = textAt(body, `properties.identifier.${name}`) ?? "";
    if (text.length > longest || !/^[A-Za-z0-9._-]*[A-Za-z0-9_-]$/.test(text))
      throw new AzureRefusal(400, "InvalidParameter", `The value of parameter identifier.${name} is invalid: '${text}'.`);
  }
  for (const { name, value } of listAt(body, "properties.features")) {
    if (!/^[A-Za-z0-9 ,]{1,100}$/.test(String(value)))
      throw new AzureRefusal(400, "InvalidParameter", `The value '${String(value)}' for feature '${String(name)}' is invalid.`);
    if (name === "DiskControllerTypes" && !/^(SCSI|NVMe|SCSI, ?NVMe)$/.test(String(value)))
      throw new AzureRefusal(400, "InvalidParameter", `The value '${String(value)}' for feature 'DiskControllerTypes' is invalid.`);
    if (name !== "SecurityType") continue;
    if (!SECURITY_TYPES.includes(String(value)))
      throw new AzureRefusal(
        400,
        "InvalidParameter",
        `The value '${String(value)}' of the feature SecurityType is not one of ${SECURITY_TYPES.join(", ")}.`,
      );
    if (value !== "Standard" && generation !== "V2")
      throw new AzureRefusal(
        400,
        "InvalidParameter",
        `The feature SecurityType ${String(value)} is supported with hyperVGeneration V2 only.`,
      );
  }
}

function checkVersion(
  arm: Arm,
  { disks, storage }: { readonly disks: ManagedDisks; readonly storage: StorageAccounts },
  version: ArmResource,
  old: ArmResource | undefined,
): void {
  const { name, body } = version;
  if (name.split(".").some((part) => Number(part) > INT32))
    throw new AzureRefusal(
      400,
      "InvalidParameter",
      `The entity name 'galleryImageVersionName' in '${name}' holds a number above ${INT32}.`,
    );
  const place = placeOf(String(body.location));
  if (!regionsOf({ ...version, body: { ...body, location: place } }).includes(place))
    throw new AzureRefusal(400, "InvalidParameter", `The target regions of '${name}' lack '${place}', where it is created.`);
  const definition = definitionOf(arm, version);
  if (placeOf(String(definition.body.location)) !== place)
    throw new AzureRefusal(400, "InvalidParameter", `'${name}' is in ${place}, and its definition in ${String(definition.body.location)}.`);
  if (valueAt(body, "properties.securityProfile") !== undefined && !TAKES_KEYS.includes(featureOf(definition, "SecurityType") ?? ""))
    throw new AzureRefusal(
      400,
      "InvalidParameter",
      `securityProfile.uefiSettings is allowed where the definition has the feature SecurityType ${TAKES_KEYS.join(" or ")} only.`,
    );
  if (old) return;
  const source = textAt(body, "properties.storageProfile.osDiskImage.source.id");
  if (textAt(body, "properties.storageProfile.osDiskImage.source.uri") !== undefined) return checkBlobSource(arm, storage, body);
  const disk = arm.find(source, DISKS);
  if (!disk) throw new AzureRefusal(404, "ResourceNotFound", `The source '${source}' of the gallery image version was not found.`);
  if (disk.body.location !== place)
    throw new AzureRefusal(400, "InvalidParameter", `The source '${disk.id}' is in ${String(disk.body.location)}, wanted ${place}.`);
  disks.usable(disk);
  for (const [what, ofDisk, ofDefinition] of [
    [
      "hyperVGeneration",
      textAt(disk.body, "properties.hyperVGeneration") ?? "V1",
      textAt(definition.body, "properties.hyperVGeneration") ?? "V1",
    ],
    [
      "architecture",
      textAt(disk.body, "properties.supportedCapabilities.architecture") ?? "x64",
      textAt(definition.body, "properties.architecture") ?? "x64",
    ],
    ["osType", textAt(disk.body, "properties.osType"), textAt(definition.body, "properties.osType")],
  ]) {
    if (ofDisk !== ofDefinition)
      throw new AzureRefusal(400, "InvalidParameter", `The source's ${what} is ${ofDisk}, and that of the definition ${ofDefinition}.`);
  }
}

/** Checks a page blob as the source. Another server holds its bytes. */
function checkBlobSource(arm: Arm, storage: StorageAccounts, body: Properties): void {
  const [uri, id] = ["uri", "storageAccountId"].map((name) => textAt(body, `properties.storageProfile.osDiskImage.source.${name}`));
  if (id === undefined)
    throw new AzureRefusal(
      400,
      "InvalidParameter",
      "Required parameter 'storageProfile.osDiskImage.source.storageAccountId' is missing (null).",
    );
  const account = arm.find(id, storage.kind.type);
  if (!account) throw new AzureRefusal(404, "ResourceNotFound", `The storage account '${id}' was not found.`);
  if (account.body.location !== placeOf(String(body.location)))
    throw new AzureRefusal(
      400,
      "InvalidParameter",
      `The storage account '${id}' is in ${String(account.body.location)}, and the version in ${String(body.location)}.`,
    );
  if (!uri?.startsWith(storage.endpointOf(account)) || !uri.endsWith(".vhd"))
    throw new AzureRefusal(
      400,
      "InvalidParameter",
      `The source '${uri}' is not the address of a .vhd in '${storage.endpointOf(account)}'.`,
    );
}
