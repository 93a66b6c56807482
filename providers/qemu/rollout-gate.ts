import { type Input, type Output, secret } from "@pulumi/pulumi/output.js";
import { CustomResource, type CustomResourceOptions } from "@pulumi/pulumi/resource.js";
import type { QemuVmArgs } from "./vm.ts";

/** Arguments of {@link QemuGate}. */
export interface QemuGateArgs extends Omit<QemuVmArgs, "disks" | "waitForHealth"> {
  /** The fleet's name, which its machines have with their numbers. */
  readonly fleet: Input<string>;
  /** How many machines. */
  readonly count: Input<number>;
  /** How many may be away at once while they are replaced. @default 1 */
  readonly maxUnavailable?: Input<number> | undefined;
  /** Seconds within which a new machine has to become healthy. @default 300 */
  readonly healthTimeout?: Input<number> | undefined;
}

/** One machine of a fleet. */
export interface FleetMachine {
  /** What `pulumi-linuxkit logs` takes. */
  readonly id: string;
  /** `http://ADDRESS:PORT` of its first published TCP port; empty when there is none. */
  readonly url: string;
  /** Host ports by guest port: `{ "80/tcp": 8080 }`. */
  readonly ports: Readonly<Record<string, number>>;
  /** The guest's `/proc/sys/kernel/random/boot_id`. */
  readonly bootId: string;
  /** QEMU's process. */
  readonly pid: number;
  /** The file that keeps the last megabyte of its console. */
  readonly consoleLog: string;
  readonly running: boolean;
  readonly accelerator: string;
}

/** The machines of a fleet and the gate through which they are replaced. {@link Fleet} is the convenient way to have it. */
export class QemuGate extends CustomResource {
  /** In the order of their numbers. */
  declare readonly machines: Output<readonly FleetMachine[]>;
  /** Those of the machines. */
  declare readonly urls: Output<readonly string[]>;
  /** How many run; `pulumi refresh` looks. */
  declare readonly running: Output<number>;

  constructor(name: string, args: QemuGateArgs, options?: CustomResourceOptions) {
    const outputs = { machines: undefined, urls: undefined, running: undefined };
    const inputs = options?.urn ? {} : { kind: "qemu", ...args, ...(args.secrets !== undefined && { secrets: secret(args.secrets) }) };
    super("linuxkit:index:RolloutGate", name, { ...outputs, ...inputs }, options);
  }
}
