/** What is measured, in this order. */
export const PARTS = ["bare", "docker", "swarm", "kubernetes", "debian"] as const;

/** One of {@link PARTS}. */
export type PartName = (typeof PARTS)[number];

/** The heading of each part. */
export const TITLES: Readonly<Record<PartName, string>> = {
  bare: "bare OS",
  docker: "Docker",
  swarm: "Swarm",
  kubernetes: "Kubernetes",
  debian: "Debian 12 with Docker",
};

/** Bytes by name. */
export interface Bytes {
  readonly name: string;
  readonly bytes: number;
}

/** An operating system on disk. */
export interface OsSize {
  /** What runs it: `machine`, `manager`, `control plane`, `worker`. */
  readonly kind: string;
  /** The files that a machine starts from, by role. */
  readonly files: readonly Bytes[];
  /** Its parts, compressed, as an initrd has them. */
  readonly segments: readonly Bytes[];
  /** Files of each part by package, unpacked. */
  readonly packages: readonly (Bytes & { readonly part: string })[];
}

/** A machine at rest. */
export interface NodeFigures {
  readonly name: string;
  readonly kind: string;
  /** MiB that the machine was given. */
  readonly memoryMiB: number;
  /** Seconds from QEMU's start until it is ready. */
  readonly ready: number;
  /** Bytes in use: MemTotal less MemAvailable, and less what the kernel keeps free. */
  readonly used: number;
  /** Bytes of each control group, of the kernel before its first program, and of the rest. */
  readonly memory: readonly Bytes[];
  /** Processes and threads of the services. */
  readonly processes: number;
}

/** What a client has seen that asks every 50 ms while an image change rolls. */
export interface Roll {
  readonly seconds: number;
  readonly asked: number;
  /** Requests that the first node asked did not answer, and another did. */
  readonly elsewhere: number;
  readonly unanswered: number;
}

/** The figures of one part. */
export interface Column {
  readonly part: PartName;
  readonly day: string;
  /** The computer that has measured. */
  readonly host: string;
  /** The release of the kernel of all of its machines. */
  readonly kernel: string;
  /** What ran its machines: `tcg` is emulation. */
  readonly accelerator: string;
  readonly sizes: readonly OsSize[];
  readonly nodes: readonly NodeFigures[];
  /** Seconds from the first machine's start until all are ready. */
  readonly ready: number;
  /** The same until the workload answers. A cluster gets it when it is ready. */
  readonly answering: number;
  readonly replicas: number;
  /** Seconds from the end of a node until all replicas answer. @default nothing starts them elsewhere */
  readonly back?: number;
  /** @default nothing was rolled */
  readonly roll?: Roll;
  /** Why some of its figures are missing. @default none is */
  readonly incomplete?: string;
}
