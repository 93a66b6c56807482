import type { Disk } from "@pulumi/azure-native/compute/disk.js";
import type { VirtualMachine, VirtualMachineArgs } from "@pulumi/azure-native/compute/virtualMachine.js";
import type { NetworkInterface, NetworkInterfaceArgs } from "@pulumi/azure-native/network/networkInterface.js";
import type { PublicIPAddress, PublicIPAddressArgs } from "@pulumi/azure-native/network/publicIPAddress.js";
import { all, type Input, type Output, output } from "@pulumi/pulumi/output.js";
import { ComponentResource, type ComponentResourceOptions } from "@pulumi/pulumi/resource.js";
import { keepNames } from "../../sdk/machine/keep-names.ts";
import { secretTagsOf } from "../../sdk/machine/secret-tags.ts";
import { type Transform, transformed } from "../../sdk/machine/transform.ts";
import { administrator, encoded, identityOf, type InstanceShape } from "./instance-arguments.ts";
import { checkInstance } from "./instance-checks.ts";
import { checkSize, diskController, securityProfile } from "./instance-size.ts";
import type { MachineImage } from "./machine-image.ts";
import type { MachineImageArgs } from "./machine-image-args.ts";
import { SECRET_FORM } from "./machine-secrets.ts";
import { type MachineSource, machineImageFor, tagsOf } from "./machine-source.ts";
import { HOST, nameOf } from "./names.ts";
import { dataDisks, diskTags, type MachineVolumeArgs, machineVolumes, type VolumeTransforms } from "./machine-volume.ts";
import { azure } from "./pulumi-azure.ts";

/** Arguments of {@link Machine}. One of `image`, `build` and `machineImage` says what it runs. */
export interface MachineArgs extends MachineSource, Omit<InstanceShape, "publicIp"> {
  /** Whether it has a public IP address, a resource of its own. @default false */
  readonly publicIp?: boolean | undefined;
  /** Availability zone of the machine and its volumes. @default none @example "1" */
  readonly zone?: Input<string> | undefined;
  /**
   * Volumes that outlive the machine, by the serial in a persistent `Volume` of the image. Their order sets their numbers
   * (LUN), so add new ones at the end. @default none
   */
  readonly volumes?: Readonly<Record<string, MachineVolumeArgs>> | undefined;
  /** Changes the children's arguments. @default none */
  readonly transform?:
    | (MachineImageArgs["transform"] &
        VolumeTransforms & {
          /** Changes the arguments of the public IP address. @default none */
          readonly address?: Transform<PublicIPAddressArgs>;
          /** Changes the arguments of the network interface. @default none */
          readonly networkInterface?: Transform<NetworkInterfaceArgs>;
          /** Changes the arguments of the virtual machine. @default none */
          readonly machine?: Transform<VirtualMachineArgs>;
        })
    | undefined;
}

/**
 * One virtual machine. Another image replaces it: the old machine is deleted first, and the new one gets its network interface
 * and volumes.
 */
export class Machine extends ComponentResource {
  /** The cloud's id of the machine. */
  readonly instanceId: Output<string>;
  /** Empty without `publicIp`. */
  readonly publicIp: Output<string>;
  /** The address in its own network. */
  readonly privateIp: Output<string>;
  /** Principal of the system-assigned identity; empty without one. */
  readonly principalId: Output<string>;
  /** The resources behind it. */
  readonly nodes: {
    /** What the machines start from. */
    readonly machineImage: MachineImage;
    /** The public IP address; undefined without one. */
    readonly address?: PublicIPAddress;
    /** The network interface. */
    readonly networkInterface: NetworkInterface;
    /** The virtual machine. */
    readonly machine: VirtualMachine;
    /** The volumes by name. */
    readonly volumes: Readonly<Record<string, Disk>>;
  };

  constructor(name: string, args: MachineArgs, options?: ComponentResourceOptions) {
    super("linuxkit:index:AzureMachine", name, {}, options);
    const { transform } = args;
    checkInstance(name, args);
    checkSize(name, args, this);
    // first, because it checks before it creates
    const volumes = machineVolumes(name, args, transform, this);
    const machineImage = machineImageFor(`machine "${name}"`, name, args, transform, this);
    const common = {
      resourceGroupName: args.resourceGroupName,
      tags: tagsOf(args.tags),
      ...(args.location !== undefined && { location: args.location }),
    };
    const child = { parent: this };
    const address = args.publicIp
      ? new azure.PublicIPAddress(
          `${name}-address`,
          transformed(
            transform?.address,
            {
              ...common,
              publicIPAllocationMethod: "Static",
              sku: { name: "Standard" },
              ...(args.zone !== undefined && { zones: [args.zone] }),
            },
            `${name}-address`,
          ),
          child,
        )
      : undefined;
    const networkInterface = new azure.NetworkInterface(
      `${name}-interface`,
      transformed(
        transform?.networkInterface,
        {
          ...common,
          ipConfigurations: [
            {
              name: "ipv4",
              subnet: { id: args.subnetId },
              privateIPAllocationMethod: "Dynamic",
              ...(address && { publicIPAddress: { id: address.id } }),
            },
          ],
          ...(args.securityGroupId !== undefined && { networkSecurityGroup: { id: args.securityGroupId } }),
        },
        `${name}-interface`,
      ),
      child,
    );
    const machineArgs = transformed(
      transform?.machine,
      { ...common, ...machineArguments(name, args, machineImage, networkInterface, volumes) },
      `${name}-machine`,
    );
    const machine = new azure.VirtualMachine(`${name}-machine`, machineArgs, {
      ...child,
      ...keepNames(machineArgs, { "osProfile.computerName": hostName(name) }),
      // a machine reads these once, at its first boot; an interface belongs to one machine at a time
      replaceOnChanges: ["storageProfile.imageReference", "userData", "osProfile", "securityProfile", "networkProfile"],
      deleteBeforeReplace: true,
    });
    this.nodes = { machineImage, ...(address && { address }), networkInterface, machine, volumes };
    this.instanceId = machine.id;
    this.publicIp = address ? address.ipAddress.apply((ip) => ip ?? "") : output("");
    this.privateIp = networkInterface.ipConfigurations.apply((found) => found?.[0]?.privateIPAddress ?? "");
    this.principalId = machine.identity.apply((identity) => identity?.principalId ?? "");
    this.registerOutputs({
      instanceId: this.instanceId,
      publicIp: this.publicIp,
      privateIp: this.privateIp,
      principalId: this.principalId,
    });
  }
}

function hostName(name: string): string {
  return nameOf(name, HOST, "start");
}

function machineArguments(
  name: string,
  args: MachineArgs,
  image: MachineImage,
  networkInterface: NetworkInterface,
  volumes: Readonly<Record<string, Disk>>,
): Omit<VirtualMachineArgs, "resourceGroupName"> {
  const { instanceType, userData, zone } = args;
  const { imageId, traits } = image;
  const osProfile = administrator(name, traits, args);
  const osDisk = {
    createOption: "FromImage",
    caching: "ReadWrite" as const,
    deleteOption: "Delete",
    managedDisk: { storageAccountType: "StandardSSD_LRS" },
  };
  return {
    tags: all([tagsOf(args.tags), ...secretTagsOf(name, args.secrets, image.nodes.build.definition, SECRET_FORM)]).apply(
      (tags): Record<string, string> => Object.assign({}, ...tags, diskTags(volumes)),
    ),
    ...(zone !== undefined && { zones: [zone] }),
    hardwareProfile: { vmSize: instanceType },
    storageProfile: { imageReference: { id: imageId }, osDisk, dataDisks: dataDisks(volumes), ...diskController(instanceType) },
    networkProfile: { networkInterfaces: [{ id: networkInterface.id, primary: true }] },
    // the serial console's text
    diagnosticsProfile: { bootDiagnostics: { enabled: true } },
    ...securityProfile(traits, instanceType),
    ...(osProfile && { osProfile: { ...osProfile, computerName: hostName(name) } }),
    ...identityOf(args),
    ...(userData !== undefined && { userData: encoded(userData) }),
  };
}
