import type { Definition } from "../definition/definition.ts";
import type { Bundle } from "../runtime/bundle.ts";
import { reachesDisks } from "./reaches-disks.ts";

type Laid = Pick<Bundle, "readonly" | "config" | "runtime">;

/**
 * What a container may mount an overlay by: its own description, a capability (capabilities(7): CAP_SYS_ADMIN), or a user
 * namespace, which is open to all where a task sets Debian's switch. The guest's `Overlays` in `container.go` asks the same
 * of those before the machine is healthy.
 */
const MAY_MOUNT = /"overlay"|CAP_SYS_ADMIN|unprivileged_userns_clone/;

/**
 * Drivers of disks, and the filesystem of volumes: with what only these need, 1.1 MB of Debian's cloud kernel for amd64. A root on a
 * disk has them in its first stage.
 */
export const DISK_MODULES: readonly string[] = [
  "virtio_blk",
  "virtio_scsi",
  "nvme",
  "hv_storvsc",
  "sd_mod",
  "ahci",
  "vmw_pvscsi",
  "xen_blkfront",
  "ext4",
];

/**
 * Modules by default that nothing in the guest can use: the overlay filesystem, which is 350 KB, and what leads to disks. A
 * volume in memory is an overlay too.
 */
export function needlessModules(laidOut: readonly Laid[], volumes: Definition["volumes"]): readonly string[] {
  const overlays =
    laidOut.some(({ readonly, config, runtime }) => !readonly || MAY_MOUNT.test(config) || MAY_MOUNT.test(runtime)) ||
    Object.values(volumes).some(({ persistent }) => !persistent);
  const disks = laidOut.some(reachesDisks) || Object.values(volumes).some(({ persistent }) => persistent);
  return [...(overlays ? [] : ["overlay"]), ...(disks ? [] : DISK_MODULES)];
}
