import type { Input, Output } from "@pulumi/pulumi/output.js";
import { CustomResource, type CustomResourceOptions } from "@pulumi/pulumi/resource.js";

/** Arguments of {@link Disk}. */
export interface DiskArgs {
  /** What the guest sees, in MiB. It may grow while a machine runs with it, never shrink. */
  readonly sizeMiB: Input<number>;
  /** What the guest finds it by, in `/sys/block/vdX/serial`: 1 to 20 letters, digits, ".", "_" or "-". @default the name, as far as it fits */
  readonly serial?: Input<string> | undefined;
}

/**
 * A disk that outlives the machines which use it: replacing a machine keeps its bytes, removing the disk from the
 * program removes them (Pulumi's `retainOnDelete` and `protect` prevent that). It is empty at first and takes no more
 * room on the host than the guest has written.
 */
export class Disk extends CustomResource {
  declare readonly sizeMiB: Output<number>;
  declare readonly serial: Output<string>;
  /** The file on this host. */
  declare readonly path: Output<string>;
  declare readonly format: Output<"raw">;

  constructor(name: string, args: DiskArgs, options?: CustomResourceOptions) {
    const outputs = { sizeMiB: undefined, serial: undefined, path: undefined, format: undefined };
    super("linuxkit:index:QemuDisk", name, { ...outputs, ...(options?.urn ? {} : args) }, options);
  }
}
