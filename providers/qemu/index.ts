export type { DiskAttachment } from "./arguments.ts";
export { Disk, type DiskArgs } from "./disk.ts";
export { Fleet, type FleetArgs, type FleetMachine } from "./fleet.ts";
export { QemuGate, type QemuGateArgs } from "./gate.ts";
export { Machine, type MachineArgs } from "./machine.ts";
export { MachineImage, type MachineImageArgs } from "./machine-image.ts";
export type { Transform } from "../../sdk/resource/transform.ts";
export { QemuVm, type QemuVmArgs } from "./vm.ts";
