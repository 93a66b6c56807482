import { type Input, type Output, secret } from "@pulumi/pulumi/output.js";
import { CustomResource, type CustomResourceOptions } from "@pulumi/pulumi/resource.js";
import type { QemuVmArgs } from "./vm.ts";
import { requirePlugin } from "../../sdk/resource/require-plugin.ts";

/** Arguments of {@link QemuGate}. */
export interface QemuGateArgs
  extends Omit<QemuVmArgs, "disks" | "network" | "hosts" | "member" | "waitForHealth" | "crashLimit" | "rollBack" | "keepOnFailure"> {
  /** The fleet's name; its machines have this name and a number. @example "web" */
  readonly fleet: Input<string>;
  /** How many machines. @example 3 */
  readonly count: Input<number>;
  /** Machines that may be unavailable at once during a rollout. @default 1 @example 1 */
  readonly maxUnavailable?: Input<number> | undefined;
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
