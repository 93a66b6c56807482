import { all, type Input, type Output, output } from "@pulumi/pulumi/output.js";
import type { InstanceShape } from "./instance-arguments.ts";
import type { MachineImage } from "./machine-image.ts";
import { LEAST_HYPERDISK_GIB, seriesOf } from "./series.ts";

/** Type and size of a boot disk, where they are not Compute Engine's own. */
export function bootDiskOf(
  { bootDisk = {}, instanceType }: Pick<InstanceShape, "bootDisk" | "instanceType">,
  { nodes }: MachineImage,
): { readonly type: Output<string | undefined>; readonly size: Output<number | undefined> } {
  const type = all([bootDisk.type, instanceType]).apply(([type, machine]) => type ?? seriesOf(machine)?.bootDisk);
  const size = all([bootDisk.sizeGiB, type, nodes.image.diskSizeGb]).apply(
    ([size, type, ofImage]) => size ?? (type?.startsWith("hyperdisk-") ? Math.max(LEAST_HYPERDISK_GIB, ofImage) : undefined),
  );
  return { type, size };
}

/** The type of a machine's volumes. */
export function volumeType(instanceType: Input<string>): Output<string> {
  return output(instanceType).apply((machine) =>
    seriesOf(machine)?.bootDisk === "hyperdisk-balanced" ? "hyperdisk-balanced" : "pd-balanced",
  );
}
