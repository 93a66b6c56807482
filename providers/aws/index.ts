// the types of Node, which the declarations use, also where a program's configuration names none
/// <reference types="node" preserve="true" />
import "../../sdk/core/new-node.ts";
export type { AccessArgs } from "../../sdk/machine/args.ts";
export type { AwsAccess, AssumedRole } from "./plugin/access/clients.ts";
export type { AwsAccessArgs } from "./access-args.ts";
export { ecrAuth } from "./registry/ecr-auth.ts";
export { Fleet, type FleetArgs } from "./fleet.ts";
export { Machine, type MachineArgs } from "./machine.ts";
export type { MachineVolumeArgs, VolumeTransforms } from "./machine-volume.ts";
export { MachineImage, type MachineImageArgs } from "./machine-image.ts";
export type { MachineSource } from "./machine-source.ts";
export { RolloutGate, type RolloutGateArgs } from "./rollout-gate.ts";
export { AwsSnapshot, type AwsSnapshotArgs } from "./snapshot.ts";
export type { Tags } from "../../sdk/machine/args.ts";
export type { SecretReferences } from "../../sdk/machine/secret-references.ts";
export type { Transform } from "../../sdk/machine/transform.ts";
