import type { Input, Output } from "@pulumi/pulumi/output.js";
import { CustomResource, type CustomResourceOptions } from "@pulumi/pulumi/resource.js";
import { requirePlugin } from "../../sdk/resource/require-plugin.ts";

/** Arguments of {@link Disk}. */
export interface DiskArgs {
  /** Size in MiB. It may grow, even while a machine uses it, but never shrink. @example 1024 */
  readonly sizeMiB: Input<number>;
  /**
   * Serial that the guest finds it by, in `/sys/block/vdX/serial`: 1 to 20 letters, digits, ".", "_" or "-".
   * @default the name, shortened to fit
   */
  readonly serial?: Input<string> | undefined;
}

/**
 * A disk that outlives the machines that use it. Replacing a machine keeps its bytes; removing the disk from the program
 * deletes them, unless Pulumi's `retainOnDelete` or `protect` is set. It starts empty, and takes only as much space on the
 * host as the guest has written.
 */
export class Disk extends CustomResource {
  /** Its size in MiB. */
  declare readonly sizeMiB: Output<number>;
  /** The serial by which the guest finds it. */
  declare readonly serial: Output<string>;
  /** The file on this host. */
  declare readonly path: Output<string>;
  /** The file's format. */
  declare readonly format: Output<"raw">;

  constructor(name: string, args: DiskArgs, options?: CustomResourceOptions) {
    const outputs = { sizeMiB: undefined, serial: undefined, path: undefined, format: undefined };
    super("linuxkit:index:QemuDisk", name, { ...outputs, ...(options?.urn ? {} : args) }, requirePlugin(options));
  }
}
