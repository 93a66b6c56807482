// the types of Node, which the declarations use, also where a program's configuration names none
/// <reference types="node" preserve="true" />
import "../../sdk/core/new-node.ts";
export type { AccessArgs } from "../../sdk/machine/args.ts";
export type { GcpAccessArgs } from "./access-args.ts";
export type { GcpAccess } from "./plugin/access/login.ts";
export { GcpImage, type GcpImageArgs, type GuestFeatureArgs, type RawDiskArgs } from "./image.ts";
export { Fleet } from "./fleet.ts";
export type { FleetArgs } from "./fleet-args.ts";
export type { BootDiskArgs } from "./instance-arguments.ts";
export { garAuth } from "./registry/gar-auth.ts";
export { Machine, type MachineArgs } from "./machine.ts";
export { MachineImage } from "./machine-image.ts";
export type { MachineImageArgs } from "./machine-image-args.ts";
export type { MachineSource } from "./machine-source.ts";
export type { MachineVolumeArgs, VolumeTransforms } from "./machine-volume.ts";
export { RolloutGate, type RolloutGateArgs } from "./rollout-gate.ts";
export type { FirmwareKey, SecureBootState } from "./secure-boot.ts";
export type { SecureBootKeys } from "../../sdk/machine/secure-boot-keys.ts";
export { GcpUpload, type GcpUploadArgs } from "./upload.ts";
export type { Tags } from "../../sdk/machine/args.ts";
export type { SecretReferences } from "../../sdk/machine/secret-references.ts";
export type { Transform } from "../../sdk/machine/transform.ts";
