import { debian } from "../debian/images.ts";
import { Image, type ImageArgs } from "../definition/image.ts";
import { Kernel } from "../definition/kernel.ts";
import { OnbootTask } from "../definition/onboot-task.ts";
import type { Service } from "../definition/service.ts";
import { Volume } from "../definition/volume.ts";

/** The volumes of a cluster's machines, which are also the serials of their disks. */
export const NODE_VOLUME = "node";
export const ETCD_VOLUME = "etcd";

/** The OS of a machine: the services of Kubernetes that it has, beside what the program adds. */
export function machineOs(services: readonly Service[], added: Partial<ImageArgs> = {}): Image {
  const volumes = [NODE_VOLUME, ...(services.some(({ name }) => name === "etcd") ? [ETCD_VOLUME] : [])];
  const own = new Image({
    kernel: new Kernel({ image: debian.kernel(), cmdline: "console=ttyS0" }),
    init: [debian.init()],
    onboot: [new OnbootTask("dhcp", { image: debian.dhcp() })],
    volumes: volumes.map((name) => new Volume(name, { persistent: { serial: name } })),
    services,
  });
  return own.with(added);
}
