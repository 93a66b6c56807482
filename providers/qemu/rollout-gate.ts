import { type Input, type Output, secret } from "@pulumi/pulumi/output.js";
import { CustomResource, type CustomResourceOptions } from "@pulumi/pulumi/resource.js";
import type { QemuVmArgs } from "./vm.ts";
import { requirePlugin } from "../../sdk/resource/require-plugin.ts";

/** The place of a fleet in a private network. */
export interface QemuGateNetworkArgs {
  /** The path of the network's socket. @example "/home/me/.local/state/pulumi-linuxkit/networks/lan-1f2e3d4c-9a8b7c6d/switch" */
  readonly socket: Input<string>;
  /** The first machine's IPv4 address there, with the bits of the network; each further machine has the next. @example "10.77.0.21/24" */
  readonly address: Input<string>;
  /** How many addresses the fleet has there. @example 8 */
  readonly addresses: Input<number>;
  /** The machines' host name, before `-` and their number. @example "web" */
  readonly hostname: Input<string>;
}

/** Arguments of {@link QemuGate}. */
export interface QemuGateArgs
  extends Omit<QemuVmArgs, "disks" | "network" | "member" | "waitForHealth" | "crashLimit" | "rollBack" | "keepOnFailure"> {
  /** The fleet's name; its machines have this name and a number. @example "web" */
  readonly fleet: Input<string>;
  /** How many machines. @example 3 */
  readonly count: Input<number>;
  /** Machines that may be unavailable at once during a rollout. @default 1 @example 1 */
  readonly maxUnavailable?: Input<number> | undefined;
  /** A private network beside their own, as a {@link Network} has it. @default none */
  readonly network?: Input<QemuGateNetworkArgs | undefined>;
  /** Seconds within which a new machine must become healthy. @default 300 @example 300 */
  readonly healthTimeout?: Input<number> | undefined;
}

/** One machine of a fleet. */
export interface FleetMachine {
  /** The id for `pulumi-linuxkit logs`. */
  readonly id: string;
  /** `http://ADDRESS:PORT` of its first published TCP port; empty without one. */
  readonly url: string;
  /** Host ports by guest port: `{ "80/tcp": 8080 }`. */
  readonly ports: Readonly<Record<string, number>>;
  /** The guest's `/proc/sys/kernel/random/boot_id`. */
  readonly bootId: string;
  /** QEMU's process. */
  readonly pid: number;
  /** The file that keeps the last megabyte of its console. */
  readonly consoleLog: string;
  /** Whether its process runs. */
  readonly running: boolean;
  /** What executes its instructions: `kvm`, `hvf` or `tcg`. */
  readonly accelerator: string;
}

/** The machines of a fleet, and the gate that replaces them. {@link Fleet} is the convenient way to get it. */
export class QemuGate extends CustomResource {
  /** Ordered by number. */
  declare readonly machines: Output<readonly FleetMachine[]>;
  /** The `url` of each machine. */
  declare readonly urls: Output<readonly string[]>;
  /** How many machines run; `pulumi refresh` updates it. */
  declare readonly running: Output<number>;

  constructor(name: string, args: QemuGateArgs, options?: CustomResourceOptions) {
    const outputs = { machines: undefined, urls: undefined, running: undefined };
    const inputs = options?.urn ? {} : { kind: "qemu", ...args, ...(args.secrets !== undefined && { secrets: secret(args.secrets) }) };
    super("linuxkit:index:RolloutGate", name, { ...outputs, ...inputs }, requirePlugin(options));
  }
}
