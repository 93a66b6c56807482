import type { Input } from "@pulumi/pulumi/output.js";
import type { Arch } from "../core/arch.ts";
import type { Image } from "../definition/image.ts";
import type { ImageBuild } from "../resource/image-build.ts";
import type { SecretReferences } from "./secret-references.ts";

/** Tags by key. */
export type Tags = Input<Readonly<Record<string, Input<string>>>>;

/** Credentials whose members may be outputs. */
export type AccessArgs<Access> = { readonly [Name in keyof Access]: Input<NonNullable<Access[Name]>> | undefined };

/** What a machine image of every backend is made of: a build, or an operating system that is built as its child. */
export interface BuildArgs {
  /** A build that has written the backend's format. @default one made from `image` */
  readonly build?: ImageBuild | undefined;
  /** An operating system, which is built as a child of this resource. @default none, with `build` */
  readonly image?: Image | undefined;
  /** Of the build made here; any other has its own. @default "amd64" */
  readonly arch?: Input<Arch> | undefined;
  /** Of the build made here: `always` looks for newer packages and moved tags at each update. @default "locked" */
  readonly update?: Input<"locked" | "always"> | undefined;
}

/** What a machine image of every cloud is given. */
export interface ImageArgs extends BuildArgs {
  /** A description of the machine image. @default none @example "The web server" */
  readonly description?: Input<string> | undefined;
  /** Tags of all resources made here. @default none */
  readonly tags?: Tags | undefined;
  /** Keep the machine image and the uploaded data in the cloud when the stack deletes them. @default false */
  readonly retainOnDelete?: boolean | undefined;
}

/** What a machine or fleet of every backend runs: exactly one of `image`, `build` and `machineImage`. */
export interface SourceArgs<MachineImage> extends BuildArgs {
  /** A machine image to start from. @default one made from `image` or `build` */
  readonly machineImage?: MachineImage | undefined;
}

/** What every machine of a cloud is launched with, alone or in a fleet. */
export interface MachineArgs<MachineImage> extends SourceArgs<MachineImage> {
  /** The cloud's machine type, of the image's architecture: `t3.micro`, `e2-small`, `Standard_B2s`… */
  readonly instanceType: Input<string>;
  /** Becomes `/run/config/userdata` in the guest. Another text replaces the machine. @default none */
  readonly userData?: Input<string> | undefined;
  /**
   * By service, then by the secret's name: where the cloud keeps the secret. The guest's task `debian.secrets` reads it as
   * the machine's identity. Another reference takes effect at the next boot. @default none
   */
  readonly secrets?: SecretReferences | undefined;
  /** Tags of all resources made here. @default none */
  readonly tags?: Tags | undefined;
}

/** What a fleet of every backend is given. */
export interface FleetArgs {
  /** How many machines. @example 3 */
  readonly count: Input<number>;
  /** Seconds that a rollout may take. @default 3600 @example 600 */
  readonly timeoutSeconds?: number | undefined;
}

/** What a fleet of every cloud is given. */
export interface CloudFleetArgs<MachineImage> extends FleetArgs, MachineArgs<MachineImage> {
  /** Seconds after its start during which a machine's health does not count. @default 60; 600 on Azure, its minimum @example 300 */
  readonly healthCheckGracePeriod?: Input<number> | undefined;
}

/** A volume of a cloud's machine: a disk that outlives the machine. */
export interface VolumeArgs {
  /** GiB. It may grow, never shrink; the guest grows its filesystem at its next boot. @example 20 */
  readonly sizeGiB: Input<number>;
  /** The cloud's disk type. @default "gp3" on AWS, "pd-balanced" or "hyperdisk-balanced" on Google Cloud, "StandardSSD_LRS" on Azure */
  readonly type?: Input<string> | undefined;
  /** A snapshot of such a disk to start from. @default an empty disk @example "snap-0a1b2c3d" */
  readonly snapshotId?: Input<string> | undefined;
  /** Refuse to delete it: when the program drops it, on `pulumi destroy`, or when it would move to another zone. @default true */
  readonly protect?: boolean | undefined;
  /** Keep it in the cloud when the stack deletes it. @default false */
  readonly retainOnDelete?: boolean | undefined;
}
