import { join } from "node:path";
import { BUSYBOX_SHELL } from "../debian/base/init.ts";
import { debian } from "../debian/images.ts";
import type { DebianImage } from "../definition/debian-image.ts";

/** Programs of Kubernetes that a cluster runs. */
export const PROGRAMS = ["kube-apiserver", "kube-controller-manager", "kube-scheduler", "kubelet", "kube-proxy"] as const;

/** One of {@link PROGRAMS}. */
export type Program = (typeof PROGRAMS)[number];

/** Debian's etcd, with what takes a snapshot and puts a restored one in the place of its data. */
export function etcdImage(): DebianImage {
  return debian.packages({ packages: ["etcd-server", "etcd-client", "busybox-static"], files: [BUSYBOX_SHELL] });
}

/** An image of one program of a folder on the machine that builds. The programs are linked statically. */
export function programImage(folder: string, program: Program): DebianImage {
  return debian.packages({
    // the authorities of the public network, for webhooks and for tokens of others
    packages: ["ca-certificates"],
    files: [{ path: `usr/local/bin/${program}`, source: join(folder, program) }],
  });
}
