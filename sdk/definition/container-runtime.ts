import type { Input } from "@pulumi/pulumi/output.js";

import { z } from "zod";
import { fields, text, treePath, word } from "./fields.ts";
import { type ContainerMountArgs, mount } from "./mount.ts";

/** A network interface of a container, beside the loopback. */
export interface NetworkInterfaceArgs {
  /** Name in the container. @example "eth0" */
  readonly name: Input<string>;
  /** Type of link to create. @default `veth` when there is a `peer`; else an existing link is moved in @example "wireguard" */
  readonly add?: Input<string | undefined>;
  /** Name of the other end of a veth pair. @default none @example "veth-web" */
  readonly peer?: Input<string | undefined>;
  /** Creates the link outside and moves it in, so that its other end stays outside. @default false */
  readonly createInRoot?: Input<boolean | undefined>;
}

/** Paths to which a container's namespaces are bound, for other containers to join. */
export interface BoundNamespacesArgs {
  /** Control group namespace. @default not bound @example "/run/web/cgroup" */
  readonly cgroup?: Input<string | undefined>;
  /** IPC namespace. @default not bound @example "/run/web/ipc" */
  readonly ipc?: Input<string | undefined>;
  /** Mount namespace. @default not bound @example "/run/web/mnt" */
  readonly mnt?: Input<string | undefined>;
  /** Network namespace. @default not bound @example "/run/netns/web" */
  readonly net?: Input<string | undefined>;
  /** Process namespace. @default not bound @example "/run/web/pid" */
  readonly pid?: Input<string | undefined>;
  /** User namespace. @default not bound @example "/run/web/user" */
  readonly user?: Input<string | undefined>;
  /** Host name namespace. @default not bound @example "/run/web/uts" */
  readonly uts?: Input<string | undefined>;
}

/** Actions outside a container around its start. */
export interface ContainerRuntimeArgs {
  /** Control groups to create under /sys/fs/cgroup. @default none @example ["web"] */
  readonly cgroups?: Input<readonly Input<string>[] | undefined>;
  /** Mounts made outside before the container is created; a relative destination lies in its root. @default none */
  readonly mounts?: Input<readonly ContainerMountArgs[] | undefined>;
  /** Directories to create (0755) after the mounts; relative ones lie in the container's root. @default none @example ["/run/web"] */
  readonly mkdir?: Input<readonly Input<string>[] | undefined>;
  /** Network interfaces to create or move in before the container starts. @default none */
  readonly interfaces?: Input<readonly NetworkInterfaceArgs[] | undefined>;
  /** Paths to which the container's namespaces are bound, for others to join. @default none */
  readonly bindNS?: BoundNamespacesArgs | undefined;
  /** Namespace of containerd, for services; `debian.init()` has no containerd. @default none @example "services.linuxkit" */
  readonly namespace?: Input<string | undefined>;
}

const networkInterface = fields({
  name: word,
  add: word.optional(),
  peer: word.optional(),
  createInRoot: z.boolean().optional(),
}).superRefine((value, context) => {
  if (value.add === "veth" && value.peer === undefined) {
    context.addIssue({ code: "custom", path: ["peer"], message: "the name of the other end of the veth pair" });
  }
});

/** The schema of {@link ContainerRuntimeArgs}. */
export const runtime = fields({
  cgroups: z.array(treePath).optional(),
  mounts: z.array(mount).optional(),
  mkdir: z.array(treePath).optional(),
  interfaces: z.array(networkInterface).optional(),
  bindNS: fields({
    cgroup: word.optional(),
    ipc: word.optional(),
    mnt: word.optional(),
    net: word.optional(),
    pid: word.optional(),
    user: word.optional(),
    uts: word.optional(),
  }).optional(),
  namespace: text.optional(),
});
