import { all, type Input, type Output, output } from "@pulumi/pulumi/output.js";
import { ComponentResource, type ComponentResourceOptions } from "@pulumi/pulumi/resource.js";
import type { Digest } from "../../sdk/core/digest.ts";
import type { FleetArgs as CommonArgs, SourceArgs } from "../../sdk/machine/args.ts";
import type { ImageBuild } from "../../sdk/resource/image-build.ts";
import type { ImageBuildArgs } from "../../sdk/resource/image-build-args.ts";
import { machineImageOf } from "../../sdk/machine/source.ts";
import { timeLimit } from "../../sdk/machine/time-limit.ts";
import { type Transform, transformed } from "../../sdk/machine/transform.ts";
import { type FleetMachine, QemuGate, type QemuGateArgs } from "./rollout-gate.ts";
import { launchArguments } from "./launch-arguments.ts";
import { MachineImage } from "./machine-image.ts";
import { fleetMembership, type Network, refuseAlone } from "./network.ts";
import { checkProcessors } from "./processors.ts";
import { checkPublished } from "./published-ports.ts";

/** Arguments of {@link Fleet}. Exactly one of `image`, `build` and `machineImage` sets what its machines run. */
export interface FleetArgs
  extends CommonArgs,
    SourceArgs<MachineImage>,
    Pick<QemuGateArgs, "memoryMiB" | "cpus" | "outbound" | "userData" | "maxUnavailable" | "healthTimeout"> {
  /**
   * A build that writes `kernel+initrd` or `kernel+squashfs-initrd`; or `kernel+squashfs` or `kernel+erofs`, whose root becomes
   * each machine's last disk; or `raw-efi`, `raw-hybrid`, `qcow2-efi` or `aws`, a disk that UEFI boots.
   * @default one made from `image`
   */
  readonly build?: ImageBuild | undefined;
  /**
   * Ports of the first machine, `[ADDRESS:]HOST:GUEST[/tcp|udp]`; each further machine gets the next host port. Host port 0
   * means any free port, which the machine's replacements keep. @default none
   */
  readonly publish?: Input<readonly Input<string>[]> | undefined;
  /** Values of secrets by service, then by name, as for a `Machine`. @default the values in `image`; required here with `build` */
  readonly secrets?: Input<Readonly<Record<string, Input<Readonly<Record<string, Input<string>>>>>>> | undefined;
  /**
   * A private network of the stack's machines. A machine's address is that of its number in the network's `fleets`: it stays through a
   * rollout, and while the fleet grows and shrinks.
   * @default none
   */
  readonly network?: Network | undefined;
  /** The machines' name in `network`, before `-` and their number, and their host name. @default the fleet's name @example "web" */
  readonly hostname?: string | undefined;
  /** Changes the children's arguments. @default none */
  readonly transform?:
    | {
        /** Changes the arguments of the build. @default none */
        readonly build?: Transform<ImageBuildArgs>;
        /** Changes the arguments of the gate of the rollout. @default none */
        readonly gate?: Transform<QemuGateArgs>;
      }
    | undefined;
}

/**
 * Identical QEMU virtual machines on this host. A change replaces them in order, at most `maxUnavailable` at once, and each must
 * be healthy before the next is stopped. If one is not, or on Ctrl-C, the fleet is rolled back and the update fails with the
 * reason.
 */
export class Fleet extends ComponentResource {
  /** `http://ADDRESS:PORT` of the first published TCP port of each machine. They stay when a machine is replaced. */
  readonly urls: Output<readonly string[]>;
  /** The machines, in the order of their numbers. */
  readonly machines: Output<readonly FleetMachine[]>;
  /** The image that every machine runs, known when the rollout is done. */
  readonly digest: Output<Digest>;
  /** The resources behind it. */
  readonly nodes: {
    /** The build of the operating system. */
    readonly build: ImageBuild;
    /** What the machines start from. */
    readonly machineImage: MachineImage;
    /** What starts the machines and replaces them. */
    readonly gate: QemuGate;
  };

  constructor(name: string, args: FleetArgs, options?: ComponentResourceOptions) {
    super("linuxkit:index:QemuFleet", name, {}, options);
    const { build, image, arch, update, transform } = args;
    const machineImage = machineImageOf(
      `fleet "${name}"`,
      args,
      () => new MachineImage(`${name}-image`, { build, image, arch, update, transform }, { parent: this }),
    );
    checkPublished(`fleet "${name}"`, args.publish, machineImage.nodes.build.definition);
    checkProcessors(`fleet "${name}"`, args.cpus, machineImage.nodes.build.definition);
    const { network, hostname = name } = args;
    refuseAlone(`fleet "${name}"`, network, args.hostname);
    const member = network && fleetMembership(`fleet "${name}"`, network, hostname);
    const gate = new QemuGate(
      `${name}-gate`,
      transformed(
        args.transform?.gate,
        {
          fleet: name,
          count: args.count,
          maxUnavailable: args.maxUnavailable,
          healthTimeout: args.healthTimeout,
          ...launchArguments(args, machineImage),
          ...(network &&
            member && {
              network: { socket: network.socket, address: member.address, addresses: member.addresses, hostname },
              hosts: member.hosts,
            }),
        },
        `${name}-gate`,
      ),
      {
        parent: this,
        ...timeLimit(args.timeoutSeconds),
      },
    );
    this.nodes = { build: machineImage.nodes.build, machineImage, gate };
    this.urls = output(gate.urls);
    this.machines = output(gate.machines);
    this.digest = all([machineImage.digest, gate.machines]).apply(([digest]) => digest);
    this.registerOutputs({ urls: this.urls, machines: this.machines, digest: this.digest });
  }
}
