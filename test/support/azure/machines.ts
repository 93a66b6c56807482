/**
 * Plays virtual machines: their interfaces, data disks and OS disk.
 *
 * Source: Azure REST API, "Virtual Machines".
 * Source: Azure, "Naming rules and restrictions for Azure resources", on Linux machines.
 * Assumed: which properties cannot change; the codes and words of refusals.
 */
import { randomBytes } from "node:crypto";
import type { Properties } from "../../../sdk/plugin/value.ts";
import { type Arm, type ArmKind, type ArmResource, placeOf } from "./arm.ts";
import { keyOf } from "./arm-id.ts";
import { listAt, textAt, valueAt } from "./arm-shape.ts";
import type { ManagedDisks } from "./disks.ts";
import { checkIdentity } from "./identities.ts";
import { launchImage } from "./images.ts";
import { checkLaunch, isTrustedByDefault } from "./launch-rules.ts";
import { userOf } from "./network.ts";
import type { Work } from "./operation.ts";
import { AzureRefusal } from "./refusal.ts";

const DISKS = "Microsoft.Compute/disks";
const INTERFACES = "Microsoft.Network/networkInterfaces";

/** Names of Linux machines. */
export const MACHINE_NAMING = /^[A-Za-z0-9]([A-Za-z0-9.-]{0,62}[A-Za-z0-9])?$/;

/** The single machines of one subscription. */
export class VirtualMachines {
  readonly kind: ArmKind;
  /** IDs, in lower case, of images whose machines never report ready. Azure waits only for machines of a generalized image. */
  readonly silent = new Set<string>();
  /** Features that the subscription has registered in Microsoft.Compute. */
  readonly features = new Set<string>();
  readonly #arm: () => Arm;
  readonly #disks: ManagedDisks;

  constructor(arm: () => Arm, disks: ManagedDisks) {
    this.#arm = arm;
    this.#disks = disks;
    this.kind = {
      type: "Microsoft.Compute/virtualMachines",
      token: "azure-native:compute:VirtualMachine",
      names: ["vmName"],
      naming: MACHINE_NAMING,
      immutable: [
        "zones",
        ...[
          "storageProfile.imageReference",
          "storageProfile.osDisk.name",
          "osProfile",
          "networkProfile",
          "securityProfile.securityType",
          "priority",
        ].map((name) => `properties.${name}`),
      ],
      check: (machine, old) => this.#check(machine, old),
      apply: (machine, old) => this.#apply(machine, old),
      show: (machine, query) => ({ vmId: machine.id, ...(query.get("$expand") === "instanceView" && { instanceView: INSTANCE_VIEW }) }),
      below: (_, method, rest) => (method === "GET" && rest.join("/") === "instanceView" ? INSTANCE_VIEW : undefined),
      removed: (machine) => this.#removed(machine),
    };
  }

  #check(machine: ArmResource, old: ArmResource | undefined): void {
    const { body } = machine;
    const arm = this.#arm();
    const profile = body.properties as Properties;
    const place = placeOf(String(body.location));
    if (!old)
      checkLaunch(
        profile,
        launchImage(arm, textAt(profile, "storageProfile.imageReference.id"), place),
        textAt(profile, "hardwareProfile.vmSize"),
      );
    checkIdentity(arm, body);
    const nics = listAt(profile, "networkProfile.networkInterfaces");
    if (nics.length === 0) throw new AzureRefusal(400, "InvalidParameter", "A virtual machine has at least one network interface.");
    for (const { id } of nics) {
      const nic = arm.find(String(id), INTERFACES);
      if (!nic || nic.body.location !== place)
        throw new AzureRefusal(404, "NotFound", `The network interface '${String(id)}' was not found in ${place}.`);
      const user = userOf(arm, nic);
      if (user && keyOf(user.id) !== keyOf(machine.id))
        throw new AzureRefusal(409, "OperationNotAllowed", `The network interface '${nic.id}' is attached to '${user.id}'.`);
    }
    const luns = this.#dataDisks(machine).map(({ lun }) => lun);
    if (new Set(luns).size < luns.length) throw new AzureRefusal(400, "InvalidParameter", "Two data disks have the same lun.");
    for (const { disk } of this.#dataDisks(machine)) {
      const attachedTo = this.#ownerOf(disk);
      if (attachedTo && keyOf(attachedTo.id) !== keyOf(machine.id))
        throw new AzureRefusal(
          409,
          "AttachDiskWhileBeingDetached",
          `Disk '${disk.name}' cannot be attached to '${machine.name}' because it is attached to '${attachedTo.name}'.`,
        );
      if (disk.body.location !== place)
        throw new AzureRefusal(
          400,
          "InvalidParameter",
          `Disk '${disk.name}' is in ${String(disk.body.location)}, and the machine in ${place}.`,
        );
      const zone = ({ body }: ArmResource) => JSON.stringify(body.zones ?? null);
      if (disk.body.zones !== undefined && zone(disk) !== zone(machine))
        throw new AzureRefusal(400, "BadRequest", `Disk '${disk.name}' is in zone ${zone(disk)}, and the machine in ${zone(machine)}.`);
      if (!attachedTo) this.#disks.usable(disk);
    }
  }

  #apply(machine: ArmResource, old: ArmResource | undefined): Work {
    const { silent } = this;
    const arm = this.#arm();
    const kept = this.#dataDisks(machine).map(({ disk }) => disk);
    if (old) for (const { disk } of this.#dataDisks(old)) if (!kept.includes(disk)) this.#disks.attach(disk, false);
    for (const disk of kept) this.#disks.attach(disk, true);
    const profile = machine.body.properties as Properties;
    const image = launchImage(arm, textAt(profile, "storageProfile.imageReference.id"), placeOf(String(machine.body.location)));
    if (!old) {
      if (isTrustedByDefault(profile, image, textAt(profile, "hardwareProfile.vmSize"), this.features)) trust(machine);
      this.#makeOsDisk(machine, image.id);
    }
    return {
      step: () => {
        if (old === undefined && image.osState === "Generalized" && silent.has(keyOf(image.id)))
          throw new AzureRefusal(
            409,
            "OSProvisioningTimedOut",
            `OS Provisioning for VM '${machine.name}' did not finish in the allotted time. The VM may still finish provisioning successfully. Please check provisioning state later.`,
          );
        return true;
      },
    };
  }

  /** Creates the OS disk as a resource. It outlives the machine unless `deleteOption` is `Delete`. */
  #makeOsDisk(machine: ArmResource, image: string): void {
    const arm = this.#arm();
    const name =
      textAt(machine.body, "properties.storageProfile.osDisk.name") ?? `${machine.name}_OsDisk_1_${randomBytes(16).toString("hex")}`;
    const id = `${machine.id.replace(/\/virtualMachines\/[^/]+$/i, "")}/disks/${name}`;
    const body: Properties = {
      location: machine.body.location,
      properties: { osType: "Linux", creationData: { createOption: "FromImage", imageReference: { id: image } } },
    };
    const disk: ArmResource = {
      id,
      subscription: machine.subscription,
      group: machine.group,
      type: DISKS,
      names: [name],
      name,
      kind: this.#disks.kind,
      body,
      etag: "",
      operation: undefined,
      failed: false,
    };
    this.#disks.kind.apply?.(disk, undefined);
    this.#disks.attach(disk, true);
    arm.resources.set(keyOf(id), disk);
    const properties = machine.body.properties as Properties;
    const storage = properties.storageProfile as Properties;
    const osDisk = storage.osDisk as Properties;
    machine.body = {
      ...machine.body,
      properties: {
        ...properties,
        storageProfile: { ...storage, osDisk: { ...osDisk, name, managedDisk: { ...(osDisk.managedDisk as Properties | undefined), id } } },
      },
    };
  }

  #removed(machine: ArmResource): void {
    const arm = this.#arm();
    const drop = (resource: ArmResource | undefined): void => {
      if (!resource) return;
      arm.resources.delete(keyOf(resource.id));
      resource.kind.removed?.(resource);
    };
    for (const { disk, option } of this.#dataDisks(machine)) {
      this.#disks.attach(disk, false);
      if (option === "Delete") drop(disk);
    }
    const osDisk = arm.find(textAt(machine.body, "properties.storageProfile.osDisk.managedDisk.id"), DISKS);
    if (osDisk) this.#disks.attach(osDisk, false);
    if (textAt(machine.body, "properties.storageProfile.osDisk.deleteOption") === "Delete") drop(osDisk);
    for (const nic of listAt(machine.body, "properties.networkProfile.networkInterfaces"))
      if (textAt(nic, "properties.deleteOption") === "Delete") drop(arm.find(String(nic.id), INTERFACES));
  }

  #dataDisks({ body }: ArmResource): { readonly lun: number; readonly disk: ArmResource; readonly option: string | undefined }[] {
    return listAt(body, "properties.storageProfile.dataDisks")
      .filter((item) => item.toBeDetached !== true)
      .map((item) => {
        if (item.createOption !== "Attach")
          throw new AzureRefusal(400, "InvalidParameter", "this stand-in supports data disks with createOption Attach only");
        const disk = this.#arm().find(textAt(item, "managedDisk.id"), DISKS);
        if (!disk) throw new AzureRefusal(404, "NotFound", `The data disk '${textAt(item, "managedDisk.id")}' was not found.`);
        const lun = valueAt(item, "lun");
        if (typeof lun !== "number" || lun < 0 || lun > 63)
          throw new AzureRefusal(400, "InvalidParameter", `The value of parameter dataDisk.lun is invalid: ${String(lun)}.`);
        return { lun, disk, option: textAt(item, "deleteOption") };
      });
  }

  #ownerOf(disk: ArmResource): ArmResource | undefined {
    return this.#arm()
      .of(this.kind.type)
      .find(({ body }) =>
        listAt(body, "properties.storageProfile.dataDisks").some(
          (item) => keyOf(textAt(item, "managedDisk.id") ?? "") === keyOf(disk.id) && item.toBeDetached !== true,
        ),
      );
  }
}

/** The profile that Azure adds. */
function trust(machine: ArmResource): void {
  const securityProfile = { securityType: "TrustedLaunch", uefiSettings: { secureBootEnabled: true, vTpmEnabled: true } };
  machine.body = { ...machine.body, properties: { ...(machine.body.properties as Properties), securityProfile } };
}

const INSTANCE_VIEW: Properties = {
  statuses: [
    { code: "ProvisioningState/succeeded", level: "Info" },
    { code: "PowerState/running", level: "Info" },
  ],
};
