// the types of Node, which the declarations use, also where a program's configuration names none
/// <reference types="node" preserve="true" />
import "../../sdk/core/new-node.ts";
export type { DiskAttachment } from "./plugin/arguments.ts";
export { Disk, type DiskArgs } from "./disk.ts";
export { Fleet, type FleetArgs } from "./fleet.ts";
export { type FleetMachine, QemuGate, type QemuGateArgs, type QemuGateNetworkArgs } from "./rollout-gate.ts";
export { Machine, type MachineArgs } from "./machine.ts";
export { MachineImage, type MachineImageArgs } from "./machine-image.ts";
export type { Transform } from "../../sdk/machine/transform.ts";
export { Network } from "./network.ts";
export type { NetworkArgs } from "./network-args.ts";
export { QemuVm, type QemuVmArgs, type QemuVmMemberArgs, type QemuVmMemberKeysArgs, type QemuVmNetworkArgs } from "./vm.ts";
