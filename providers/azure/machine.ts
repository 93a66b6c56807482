import type { Disk } from "@pulumi/azure-native/compute/disk.js";
import { VirtualMachine, type VirtualMachineArgs } from "@pulumi/azure-native/compute/virtualMachine.js";
import { NetworkInterface, type NetworkInterfaceArgs } from "@pulumi/azure-native/network/networkInterface.js";
import { PublicIPAddress, type PublicIPAddressArgs } from "@pulumi/azure-native/network/publicIPAddress.js";
import { all, type Input, type Output, output } from "@pulumi/pulumi/output.js";
import { ComponentResource, type ComponentResourceOptions } from "@pulumi/pulumi/resource.js";
import { type Transform, transformed } from "../../sdk/machine/transform.ts";
import { administrator, encoded, identityOf, type InstanceShape, securityProfile } from "./instance-arguments.ts";
import type { MachineImage } from "./machine-image.ts";
import type { MachineImageArgs } from "./machine-image-args.ts";
import { secretsTold } from "./machine-secrets.ts";
import { type MachineSource, machineImageOf, tagsOf } from "./machine-source.ts";
import { dataDisks, diskTags, type MachineVolumeArgs, makeVolumes, type VolumeTransforms } from "./machine-volume.ts";

/** Arguments of {@link Machine}. One of `image`, `build` and `machineImage` says what it runs. */
export interface MachineArgs extends MachineSource, Omit<InstanceShape, "publicIp"> {
  /** Whether it has an address of its own in the internet. @default false */
  readonly publicIp?: boolean | undefined;
  /** The availability zone that it and its disks are in. @default none */
  readonly zone?: Input<string> | undefined;
  /**
   * Disks that outlive the machine, by the serial that a persistent `Volume` of the image names. A further one belongs
   * behind the others: the order says which number each has. @default none
   */
  readonly volumes?: Readonly<Record<string, MachineVolumeArgs>> | undefined;
  /** Changes the children's arguments. */
  readonly transform?:
    | (MachineImageArgs["transform"] &
        VolumeTransforms & {
          readonly address?: Transform<PublicIPAddressArgs>;
          readonly networkInterface?: Transform<NetworkInterfaceArgs>;
          readonly machine?: Transform<VirtualMachineArgs>;
        })
    | undefined;
}

/** One virtual machine. Another image is another machine on the same network interface and volumes: the old one goes first. */
export class Machine extends ComponentResource {
  readonly instanceId: Output<string>;
  /** Empty without one. */
  readonly publicIp: Output<string>;
  readonly privateIp: Output<string>;
  /** Of the identity that Azure has made for it; empty without one. */
  readonly principalId: Output<string>;
  /** The resources behind it. */
  readonly nodes: {
    readonly machineImage: MachineImage;
    readonly address?: PublicIPAddress;
    readonly networkInterface: NetworkInterface;
    readonly machine: VirtualMachine;
    readonly volumes: Readonly<Record<string, Disk>>;
  };

  constructor(name: string, args: MachineArgs, options?: ComponentResourceOptions) {
    super("linuxkit:index:AzureMachine", name, {}, options);
    const { transform } = args;
    const machineImage = machineImageOf(name, args, transform, this);
    const volumes = makeVolumes(name, args, transform, this);
    const common = {
      resourceGroupName: args.resourceGroupName,
      tags: tagsOf(args.tags),
      ...(args.location !== undefined && { location: args.location }),
    };
    const child = { parent: this };
    const address = args.publicIp
      ? new PublicIPAddress(
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
    const networkInterface = new NetworkInterface(
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
    const machine = new VirtualMachine(
      `${name}-machine`,
      transformed(
        transform?.machine,
        { ...common, ...machineArguments(name, args, machineImage, networkInterface, volumes) },
        `${name}-machine`,
      ),
      {
        ...child,
        // what starts a machine is read once, and an interface is of one machine at a time
        replaceOnChanges: ["storageProfile.imageReference", "userData", "osProfile", "securityProfile", "networkProfile"],
        deleteBeforeReplace: true,
      },
    );
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
    tags: all([tagsOf(args.tags), ...secretsTold(name, args.secrets, image)]).apply(
      (tags): Record<string, string> => Object.assign({}, ...tags, diskTags(volumes)),
    ),
    ...(zone !== undefined && { zones: [zone] }),
    hardwareProfile: { vmSize: instanceType },
    storageProfile: { imageReference: { id: imageId }, osDisk, dataDisks: dataDisks(volumes) },
    networkProfile: { networkInterfaces: [{ id: networkInterface.id, primary: true }] },
    // the serial console's text
    diagnosticsProfile: { bootDiagnostics: { enabled: true } },
    ...securityProfile(traits),
    ...(osProfile && { osProfile: { ...osProfile, computerName: name.replace(/[^A-Za-z\d-]/g, "-").slice(0, 63) } }),
    ...identityOf(args),
    ...(userData !== undefined && { userData: encoded(userData) }),
  };
}
