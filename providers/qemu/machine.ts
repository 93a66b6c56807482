import { all, type Input, type Output, output } from "@pulumi/pulumi/output.js";
import { ComponentResource, type ComponentResourceOptions } from "@pulumi/pulumi/resource.js";
import type { SourceArgs } from "../../sdk/machine/args.ts";
import type { ImageBuild } from "../../sdk/resource/image-build.ts";
import type { ImageBuildArgs } from "../../sdk/resource/image-build-args.ts";
import { machineImageOf } from "../../sdk/machine/source.ts";
import { timeLimit } from "../../sdk/machine/time-limit.ts";
import { type Transform, transformed } from "../../sdk/machine/transform.ts";
import type { DiskAttachment } from "./plugin/arguments.ts";
import { Disk } from "./disk.ts";
import { launchArguments } from "./launch-arguments.ts";
import { MachineImage } from "./machine-image.ts";
import { checkProcessors } from "./processors.ts";
import { checkPublished } from "./published-ports.ts";
import { membership, type Network, refuseAlone } from "./network.ts";
import { QemuVm, type QemuVmArgs } from "./vm.ts";

/** Arguments of {@link Machine}. Exactly one of `image`, `build` and `machineImage` sets what it runs. */
export interface MachineArgs
  extends SourceArgs<MachineImage>,
    Pick<
      QemuVmArgs,
      "memoryMiB" | "cpus" | "publish" | "outbound" | "userData" | "waitForHealth" | "crashLimit" | "rollBack" | "keepOnFailure"
    > {
  /**
   * A build that writes `kernel+initrd` or `kernel+squashfs-initrd`; or `kernel+squashfs` or `kernel+erofs`, whose root becomes
   * the last disk; or `raw-efi`, `raw-hybrid`, `qcow2-efi` or `aws`, a disk that UEFI boots.
   * @default one made from `image`
   */
  readonly build?: ImageBuild | undefined;
  /** Disks that outlive the machine, in the guest's order: vda, vdb… @default none */
  readonly disks?: readonly (Disk | Input<DiskAttachment>)[] | undefined;
  /**
   * Values of the services' secrets by service, then by name. They go from the stack to the machine, never into an image.
   * @default the values in `image`; required here with `build`
   */
  readonly secrets?: Input<Readonly<Record<string, Input<Readonly<Record<string, Input<string>>>>>>> | undefined;
  /** A private network of the stack's machines. The machine's address is that of `hostname` in the network's `hosts`. @default none */
  readonly network?: Network | undefined;
  /** The machine's name in `network`, and its host name. @default none; required with `network` @example "m1" */
  readonly hostname?: string | undefined;
  /** Seconds until the guest must be healthy after a start. @default 300 @example 600 */
  readonly timeoutSeconds?: number | undefined;
  /** Changes the children's arguments. @default none */
  readonly transform?:
    | {
        /** Changes the arguments of the build. @default none */
        readonly build?: Transform<ImageBuildArgs>;
        /** Changes the arguments of the virtual machine. @default none */
        readonly vm?: Transform<QemuVmArgs>;
      }
    | undefined;
}

/**
 * A QEMU virtual machine on this host. Creating it waits until its services are healthy. It runs until the stack deletes it,
 * even after the process that started it has ended. Another image replaces it: first the new machine becomes healthy, then the
 * old one is deleted. A machine with published ports or disks is stopped first, because two cannot hold them; if the new one
 * does not become healthy, the old image is started again.
 */
export class Machine extends ComponentResource {
  /** `http://ADDRESS:PORT` of the first published TCP port; empty without one. */
  readonly url: Output<string>;
  /** Host ports by guest port: `{ "80/tcp": 8080 }`. */
  readonly ports: Output<Readonly<Record<string, number>>>;
  /** The file that keeps the last megabyte of its console. */
  readonly consoleLog: Output<string>;
  /** QEMU's process. */
  readonly pid: Output<number>;
  /** The guest's `/proc/sys/kernel/random/boot_id`. */
  readonly bootId: Output<string>;
  /** The resources behind it. */
  readonly nodes: {
    /** The build of the operating system. */
    readonly build: ImageBuild;
    /** What the machine starts from. */
    readonly machineImage: MachineImage;
    /** The virtual machine. */
    readonly vm: QemuVm;
  };

  constructor(name: string, args: MachineArgs, options?: ComponentResourceOptions) {
    super("linuxkit:index:QemuMachine", name, {}, options);
    const { build, image, arch, update, transform } = args;
    const machineImage = machineImageOf(
      `machine "${name}"`,
      args,
      () => new MachineImage(`${name}-image`, { build, image, arch, update, transform }, { parent: this }),
    );
    checkPublished(`machine "${name}"`, args.publish, machineImage.nodes.build.definition);
    checkProcessors(`machine "${name}"`, args.cpus, machineImage.nodes.build.definition);
    const { network, hostname } = args;
    refuseAlone(`machine "${name}"`, network, hostname);
    const member = network && membership(`machine "${name}"`, network, hostname);
    const vm = new QemuVm(
      `${name}-vm`,
      transformed(
        args.transform?.vm,
        {
          ...launchArguments(args, machineImage),
          waitForHealth: args.waitForHealth,
          crashLimit: args.crashLimit,
          rollBack: args.rollBack,
          keepOnFailure: args.keepOnFailure,
          disks: (args.disks ?? []).map(attachment),
          ...(network &&
            member && { network: { socket: network.socket, address: member.address, hostname: hostname as string }, hosts: member.hosts }),
        },
        `${name}-vm`,
      ),
      {
        parent: this,
        ...timeLimit(args.timeoutSeconds),
      },
    );
    this.nodes = { build: machineImage.nodes.build, machineImage, vm };
    this.url = output(vm.url);
    this.ports = output(vm.ports);
    this.consoleLog = output(vm.consoleLog);
    this.pid = output(vm.pid);
    this.bootId = output(vm.bootId);
    this.registerOutputs({ url: this.url, ports: this.ports, consoleLog: this.consoleLog, pid: this.pid, bootId: this.bootId });
  }
}

function attachment(disk: Disk | Input<DiskAttachment>): Input<DiskAttachment> {
  if (!(disk instanceof Disk)) return disk;
  return all([disk.path, disk.serial, disk.format]).apply(([path, serial, format]) => ({ path, serial, format }));
}
