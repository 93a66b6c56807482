/** What the guest does before it starts a container: the content of LinuxKit's `runtime.json`. */
export interface RuntimeActions {
  /** Control groups to create below `/sys/fs/cgroup`. */
  readonly cgroups?: readonly string[];
  /** Mounts in the guest's own namespace. A relative destination is inside the container's root filesystem. */
  readonly mounts?: readonly RuntimeMount[];
  /** Folders to create after the mounts, with mode 0755, owned by the container's root. A relative path is inside the container's root filesystem. */
  readonly mkdir?: readonly string[];
  /** Network links to move into the container before its process starts. */
  readonly interfaces?: readonly RuntimeInterface[];
  /** Files at which the container's namespaces are bound, so that other programs can enter them; `""` binds no namespace. */
  readonly bindNS?: { readonly [namespace in RuntimeNamespace]?: string };
  /** A namespace of containerd; ignored here. */
  readonly namespace?: string;
}

/** Namespaces, by their names in `runtime.json` and `/proc/<pid>/ns`. */
export type RuntimeNamespace = "cgroup" | "ipc" | "mnt" | "net" | "pid" | "user" | "uts";

/** A mount in the form of the OCI runtime specification. */
export interface RuntimeMount {
  readonly destination: string;
  readonly type?: string;
  readonly source?: string;
  readonly options?: readonly string[];
}

/** A network link: a veth pair if `peer` is set, a new link of the type `add`, otherwise an existing link to move. */
export interface RuntimeInterface {
  readonly name: string;
  readonly add?: string;
  readonly peer?: string;
  /** Whether to create the link in the root namespace and move it, for types that cannot be created inside. */
  readonly createInRoot?: boolean;
}
