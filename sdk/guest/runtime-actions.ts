/** What the guest does for a container before it runs: the content of LinuxKit's `runtime.json`. */
export interface RuntimeActions {
  /** Made under `/sys/fs/cgroup`. */
  readonly cgroups?: readonly string[];
  /** Mounted in the guest's own namespace. A relative destination lies in the container's root filesystem. */
  readonly mounts?: readonly RuntimeMount[];
  /** Folders made after the mounts, 0755, which belong to the container's root. A relative path lies in the container's root filesystem. */
  readonly mkdir?: readonly string[];
  /** Network links given to the container before its process starts. */
  readonly interfaces?: readonly RuntimeInterface[];
  /** Files onto which the container's namespaces are bound, so that others can enter them; `""` is none. */
  readonly bindNS?: { readonly [namespace in RuntimeNamespace]?: string };
  /** containerd's own; nothing to us. */
  readonly namespace?: string;
}

/** Namespaces as `runtime.json` and `/proc/<pid>/ns` call them. */
export type RuntimeNamespace = "cgroup" | "ipc" | "mnt" | "net" | "pid" | "user" | "uts";

/** A mount as OCI writes it. */
export interface RuntimeMount {
  readonly destination: string;
  readonly type?: string;
  readonly source?: string;
  readonly options?: readonly string[];
}

/** A network link: a veth pair when `peer` is given, a new link of the type `add`, else an existing one that moves in. */
export interface RuntimeInterface {
  readonly name: string;
  readonly add?: string;
  readonly peer?: string;
  /** Make the link in the root namespace and move it, for types that cannot be made inside. */
  readonly createInRoot?: boolean;
}
