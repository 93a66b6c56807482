export type { AwsAccess } from "./access/clients.ts";
export { ecrAuth } from "./ecr-auth.ts";
export { Fleet, type FleetArgs } from "./fleet.ts";
export { Machine, type MachineArgs } from "./machine.ts";
export { MachineImage, type MachineImageArgs } from "./machine-image.ts";
export type { MachineSource } from "./machine-source.ts";
export { RolloutGate, type RolloutGateArgs } from "./rollout-gate.ts";
export { AwsSnapshot, type AwsSnapshotArgs } from "./snapshot.ts";
export type { Transform } from "../../sdk/resource/transform.ts";
