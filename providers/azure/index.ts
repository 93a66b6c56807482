// the types of Node, which the declarations use, also where a program's configuration names none
/// <reference types="node" preserve="true" />
import "../../sdk/core/new-node.ts";
export type { AccessArgs } from "../../sdk/machine/args.ts";
export type { AzureAccess } from "./plugin/access/credential.ts";
export { acrAuth } from "./registry/acr-auth.ts";
export { Fleet } from "./fleet.ts";
export type { FleetArgs } from "./fleet-args.ts";
export type { ImageDefinition } from "./image-definition.ts";
export { Machine, type MachineArgs } from "./machine.ts";
export { MachineImage } from "./machine-image.ts";
export type { ImageTraits, MachineImageArgs } from "./machine-image-args.ts";
export type { MachineSource } from "./machine-source.ts";
export type { MachineVolumeArgs, VolumeTransforms } from "./machine-volume.ts";
export { RolloutGate, type RolloutGateArgs } from "./rollout-gate.ts";
export type { AzureAccessArgs } from "./access-args.ts";
export { AzureUpload, type AzureUploadArgs, type BlobStorageArgs } from "./upload.ts";
export type { SecureBootKeys } from "../../sdk/machine/secure-boot-keys.ts";
export type { Tags } from "../../sdk/machine/args.ts";
export type { SecretReferences } from "../../sdk/machine/secret-references.ts";
export type { Transform } from "../../sdk/machine/transform.ts";
