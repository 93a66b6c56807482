import type { Input } from "@pulumi/pulumi/output.js";
import { CustomResource, type CustomResourceOptions } from "@pulumi/pulumi/resource.js";
import { requirePlugin } from "../../sdk/resource/require-plugin.ts";

/** Arguments of {@link QemuCluster}. */
export interface QemuClusterArgs {
  /** Ids of the cluster's machines. */
  readonly machines: Input<readonly Input<string>[]>;
}

/**
 * The end of a cluster: it depends on all machines and so is deleted before them. They then know that the cluster ends as a whole, and
 * need not leave it one by one.
 */
export class QemuCluster extends CustomResource {
  constructor(name: string, args: QemuClusterArgs, options?: CustomResourceOptions) {
    super("linuxkit:index:QemuCluster", name, options?.urn ? {} : { ...args }, requirePlugin(options));
  }
}
