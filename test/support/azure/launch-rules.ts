/**
 * Plays the checks that Azure makes when a machine or scale set starts from an image.
 *
 * Source: Azure, "Linux virtual machines frequently asked questions", on user names.
 * Source: Azure REST API, "Virtual Machines".
 * Source: Azure, "Azure virtual machine sizes naming conventions": the letter p in a size's name means Arm64.
 * Source: Azure, "Trusted Launch for Azure virtual machines", the table of sizes and "Trusted Launch as default".
 * Source: Azure/SAP-on-Azure-Scripts-and-Utilities#131: sizes of generation 6 have NVMe disks only;
 * kubermatic/machine-controller#1980 and Azure/FederalAVD#20: the refusal of another controller.
 * Assumed: that Ampere sizes outside of that table have no trusted launch; the codes and words of the other refusals.
 */
import { isProperties, type Properties } from "../../../sdk/plugin/value.ts";
import { listAt, textAt, valueAt } from "./arm-shape.ts";
import type { LaunchImage } from "./images.ts";
import { AzureRefusal } from "./refusal.ts";

const TEXT_LIMIT = 64 << 10;
/** User names that Azure refuses. */
const RESERVED_NAMES = [
  "administrator",
  "admin",
  "user",
  "user1",
  "test",
  "user2",
  "test1",
  "user3",
  "admin1",
  "1",
  "123",
  "a",
  "actuser",
  "adm",
  "admin2",
  "aspnet",
  "backup",
  "console",
  "david",
  "guest",
  "john",
  "owner",
  "root",
  "server",
  "sql",
  "support",
  "support_388945a0",
  "sys",
  "test2",
  "test3",
  "user4",
  "user5",
  "video",
];

/** Sizes that start images of generation 2, and never have trusted launch. */
const WITHOUT_TRUSTED_LAUNCH = [
  /^Standard_[DE]\d+pl?d?s_v5$/,
  /^Standard_B\d+p[lt]?s_v2$/,
  /^Standard_M\d/,
  /^Standard_ND\d+am?sr(_A100)?_v4$/,
];

/** Sizes that have NVMe disks only. */
const NVME_ONLY = /^Standard_(D|E|F|FX|L)\d+(-\d+)?[a-z]*_v([6-9]|1\d)$/;

/**
 * Checks the profile of a machine, alone or in a scale set, against its image.
 *
 * @param profile `properties` of a machine, `virtualMachineProfile` of a scale set
 */
export function checkLaunch(profile: Properties, image: LaunchImage, size: string | undefined): void {
  checkSize(size, image);
  checkSecurity(profile, image, size as string);
  checkController(textAt(profile, "storageProfile.diskControllerType") ?? "SCSI", image, size as string);
  checkOsProfile(profile, image);
  if (textAt(profile, "storageProfile.osDisk.createOption") !== "FromImage")
    throw new AzureRefusal(
      400,
      "InvalidParameter",
      "The value of parameter osDisk.createOption is invalid: wanted FromImage with an image.",
    );
  for (const path of ["userData", "osProfile.customData"]) {
    const text = textAt(profile, path);
    if (text === undefined) continue;
    const bytes = Buffer.from(text, "base64");
    if (bytes.toString("base64") !== text || text === "")
      throw new AzureRefusal(400, "InvalidParameter", `${path} is not in Base64 format.`);
    if (bytes.length > TEXT_LIMIT)
      throw new AzureRefusal(400, "InvalidParameter", `${path} has ${bytes.length} bytes, at most ${TEXT_LIMIT} are allowed.`);
  }
  const account = textAt(profile, "diagnosticsProfile.bootDiagnostics.storageUri");
  if (account !== undefined && valueAt(profile, "diagnosticsProfile.bootDiagnostics.enabled") !== true)
    throw new AzureRefusal(400, "InvalidParameter", "bootDiagnostics.storageUri without bootDiagnostics.enabled");
}

function checkSize(size: string | undefined, { arch, generation }: LaunchImage): void {
  const features = /^Standard_[A-Z]{1,3}\d+(?:-\d+)?([a-z]*)(?:_[A-Za-z0-9]+)*$/.exec(size ?? "")?.[1];
  if (features === undefined) throw new AzureRefusal(400, "InvalidParameter", `The value ${size} provided for the VM size is not valid.`);
  const takes = features.includes("p") ? "Arm64" : "x64";
  if (takes !== arch)
    throw new AzureRefusal(
      400,
      "BadRequest",
      `Cannot create a VM of size '${size}' because this VM size only supports a CPU Architecture of '${takes}', but an image or disk with CPU Architecture '${arch}' was given. Please check that these are compatible.`,
    );
  if (
    generation === "V2" &&
    /^Standard_(A\d+m?|D\d+|NP\d+s|N[CV]\d+r?)(_v[23])?$/.test(size as string) &&
    !/^Standard_N[CV].*_v/.test(size as string)
  )
    throw new AzureRefusal(400, "BadRequest", `The selected VM size '${size}' cannot boot Hypervisor Generation '2'.`);
}

/** Whether a machine gets trusted launch, with Secure Boot, because it asks for no security type. */
export function isTrustedByDefault(
  profile: Properties,
  { generation, securityType }: LaunchImage,
  size: string | undefined,
  features: ReadonlySet<string>,
): boolean {
  return (
    features.has("TrustedLaunchByDefaultPreview") &&
    textAt(profile, "securityProfile.securityType") === undefined &&
    generation === "V2" &&
    /TrustedLaunch/.test(securityType ?? "") &&
    hasTrustedLaunch(size ?? "")
  );
}

function hasTrustedLaunch(size: string): boolean {
  return !WITHOUT_TRUSTED_LAUNCH.some((pattern) => pattern.test(size));
}

/** Without a word in the profile, the controller is SCSI in one report and the size's own in Azure's FAQ: this plays the stricter. */
function checkController(controller: string, { id, controllers }: LaunchImage, size: string): void {
  if (NVME_ONLY.test(size) !== (controller === "NVMe"))
    throw new AzureRefusal(
      400,
      "InvalidParameter",
      `The VM size '${size}' cannot boot with DiskControllerType '${controller}'. Please check that the disk controller type provided is one of the supported disk controller types for the VM size '${size}'.`,
    );
  if (!controllers.includes(controller))
    throw new AzureRefusal(
      400,
      "InvalidParameter",
      `The image '${id}' cannot boot with OS image or disk with DiskControllerType '${controller}'.`,
    );
}

function checkSecurity(profile: Properties, { id, generation, securityType: ofImage }: LaunchImage, size: string): void {
  const wanted = textAt(profile, "securityProfile.securityType");
  if (wanted === "TrustedLaunch" && !hasTrustedLaunch(size))
    throw new AzureRefusal(
      400,
      "InvalidParameter",
      `The VM size '${size}' is not supported for creation of VMs and Virtual Machine Scale Set with 'TrustedLaunch' security type.`,
    );
  if (wanted === undefined && valueAt(profile, "securityProfile.uefiSettings") !== undefined)
    throw new AzureRefusal(400, "BadRequest", "Use of UefiSettings requires setting Security Type.");
  if (wanted === "TrustedLaunch" && (generation !== "V2" || !/TrustedLaunch/.test(ofImage ?? "")))
    throw new AzureRefusal(400, "BadRequest", `The provided image '${id}' does not support security type 'TrustedLaunch'.`);
  if (wanted !== "TrustedLaunch" && ofImage === "TrustedLaunch")
    throw new AzureRefusal(400, "BadRequest", `The image '${id}' has security type 'TrustedLaunch', and so must the machine.`);
}

function checkOsProfile(profile: Properties, { osState }: LaunchImage): void {
  const { osProfile } = profile;
  if (osState === "Specialized") {
    if (osProfile !== undefined) throw new AzureRefusal(400, "InvalidParameter", "Parameter 'osProfile' is not allowed.");
    return;
  }
  if (!isProperties(osProfile)) throw new AzureRefusal(400, "InvalidParameter", "Required parameter 'osProfile' is missing (null).");
  const user = textAt(osProfile, "adminUsername");
  if (user === undefined) throw new AzureRefusal(400, "InvalidParameter", "Required parameter 'adminUsername' is missing (null).");
  if (RESERVED_NAMES.includes(user.toLowerCase()) || !/^[a-z_][a-z0-9_-]{0,63}$/i.test(user))
    throw new AzureRefusal(400, "InvalidParameter", `The Admin Username specified is not allowed: ${user}.`);
  const keys = listAt(osProfile, "linuxConfiguration.ssh.publicKeys");
  const noPassword = valueAt(osProfile, "linuxConfiguration.disablePasswordAuthentication") === true;
  if (textAt(osProfile, "adminPassword") === undefined && !(noPassword && keys.length > 0))
    throw new AzureRefusal(
      400,
      "InvalidParameter",
      "Authentication using either SSH or by user name and password must be enabled in Linux profile.",
    );
  for (const { path, keyData } of keys) {
    if (path !== `/home/${user}/.ssh/authorized_keys`)
      throw new AzureRefusal(
        400,
        "InvalidParameter",
        `Destination path for SSH public keys is currently limited to its default value /home/${user}/.ssh/authorized_keys due to a known issue in Linux provisioning agent.`,
      );
    if (!/^(ssh-rsa|ssh-ed25519) [A-Za-z0-9+/=]+/.test(String(keyData)))
      throw new AzureRefusal(400, "InvalidParameter", "The value of parameter linuxConfiguration.ssh.publicKeys.keyData is invalid.");
  }
  if (valueAt(osProfile, "linuxConfiguration.provisionVMAgent") === false && valueAt(osProfile, "allowExtensionOperations") === true)
    throw new AzureRefusal(400, "InvalidParameter", "allowExtensionOperations must be false where provisionVMAgent is.");
}
