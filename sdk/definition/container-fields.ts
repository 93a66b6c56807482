import { z } from "zod";
import { didYouMean } from "../core/suggest.ts";
import { capabilities, count, fields, mode, owner, text, treePath, word } from "./fields.ts";
import { bind, containerMount, idMapping, mount, tmpfs } from "./mount.ts";
import { resources } from "./resources.ts";

/** The resource limits that Linux knows (getrlimit(2)). */
export const RLIMITS = [
  "RLIMIT_AS",
  "RLIMIT_CORE",
  "RLIMIT_CPU",
  "RLIMIT_DATA",
  "RLIMIT_FSIZE",
  "RLIMIT_LOCKS",
  "RLIMIT_MEMLOCK",
  "RLIMIT_MSGQUEUE",
  "RLIMIT_NICE",
  "RLIMIT_NOFILE",
  "RLIMIT_NPROC",
  "RLIMIT_RSS",
  "RLIMIT_RTPRIO",
  "RLIMIT_RTTIME",
  "RLIMIT_SIGPENDING",
  "RLIMIT_STACK",
] as const;

/** A limit's full name. LinuxKit accepts any case, with or without `RLIMIT_`. */
export function rlimitName(typed: string): string {
  const upper = typed.trim().toUpperCase();
  return upper.startsWith("RLIMIT_") ? upper : `RLIMIT_${upper}`;
}

const rlimit = text.superRefine((value, context) => {
  const parts = value.split(",").map((part) => part.trim());
  const name = rlimitName(parts[0] as string);
  if (parts.length !== 3) {
    context.addIssue({ code: "custom", message: '"name,soft,hard", as "nofile,1024,4096"' });
  } else if (!(RLIMITS as readonly string[]).includes(name)) {
    const short = RLIMITS.map((known) => known.slice("RLIMIT_".length).toLowerCase());
    context.addIssue({ code: "custom", message: `a limit of ${short.join(", ")}${didYouMean(parts[0]?.toLowerCase(), short)}` });
  } else if (!parts.slice(1).every((part) => part.toLowerCase() === "unlimited" || /^\d{1,20}$/.test(part))) {
    context.addIssue({ code: "custom", message: 'numbers or "unlimited" as soft and hard limit' });
  }
});

const device = fields({
  /** Absolute path of the node, or `all`: every device of this type may be opened, and no node is created. */
  path: word,
  /** `c` character, `b` block, `u` unbuffered character, `p` fifo; `a` any, with `path: all`. */
  type: z.enum(["a", "b", "c", "u", "p"]),
  major: count.optional(),
  minor: count.optional(),
  /** Octal digits in quotes; required unless `path` is `all`. */
  mode: mode.optional(),
}).superRefine((value, context) => {
  if (value.path !== "all" && value.mode === undefined) {
    context.addIssue({ code: "custom", path: ["mode"], message: 'octal digits in quotes, as "0660"' });
  }
});

const networkInterface = fields({
  /** Name in the container. */
  name: word,
  /** Type of link to create, such as `veth` or `wireguard`. @default `veth` when there is a `peer`; else an existing link is moved in */
  add: word.optional(),
  /** Name of the other end of a veth pair. */
  peer: word.optional(),
  /** Creates the link outside and moves it in, so that its other end stays outside. @default false */
  createInRoot: z.boolean().optional(),
}).superRefine((value, context) => {
  if (value.add === "veth" && value.peer === undefined) {
    context.addIssue({ code: "custom", path: ["peer"], message: "the name of the other end of the veth pair" });
  }
});

const runtime = fields({
  /** Control groups to create under /sys/fs/cgroup. @default none */
  cgroups: z.array(treePath).optional(),
  /** Mounts made outside before the container is created; a relative destination lies in its root. @default none */
  mounts: z.array(mount).optional(),
  /** Directories to create (0755) after the mounts; relative ones lie in the container's root. @default none */
  mkdir: z.array(treePath).optional(),
  /** Network interfaces to create or move in before the container starts. @default none */
  interfaces: z.array(networkInterface).optional(),
  /** Paths to which the container's namespaces are bound, for others to join. @default none */
  bindNS: fields({
    cgroup: word.optional(),
    ipc: word.optional(),
    mnt: word.optional(),
    net: word.optional(),
    pid: word.optional(),
    user: word.optional(),
    uts: word.optional(),
  }).optional(),
  /** containerd namespace; services only. */
  namespace: text.optional(),
});

/**
 * LinuxKit's fields of a container, under its own names: what its YAML has beside `name` and `image`, and what an
 * image's `org.mobyproject.config` label may set. A missing field comes from the label, then from the image's own
 * configuration, then from the defaults of the sandbox (`sandbox`). Of two defaults here, the first is that of
 * `sandbox: "default"`, the one after the slash that of `sandbox: "linuxkit"`.
 */
export const containerFields = {
  /** Program and arguments; replaces the image's entrypoint and command together. @default the image's */
  command: z.array(text).optional(),
  /** `NAME=value`; replaces the image's list. @default the image's */
  env: z.array(text).optional(),
  /** Working directory. @default the image's, else `/` */
  cwd: text.optional(),
  /** Capabilities of the process, or `["all"]`. @default none */
  capabilities: capabilities.optional(),
  /** Capabilities added to those of the image's label. @default none */
  "capabilities.add": capabilities.optional(),
  /** Capabilities that survive a change of user and an exec. @default none */
  ambient: capabilities.optional(),
  /** Mounts, as the runtime specification has them. @default none */
  mounts: z.array(containerMount).optional(),
  /** Directories or volumes to show in the container: `source:/destination[:options]`. @default none */
  binds: z.array(bind).optional(),
  /** Binds added to those of the image's label. @default none */
  "binds.add": z.array(bind).optional(),
  /** Empty writable directories in memory: `/destination[:options]`. @default none */
  tmpfs: z.array(tmpfs).optional(),
  /** Device nodes to create, and to allow. @default none */
  devices: z.array(device).optional(),
  /**
   * Network: `host`, the machine's; `none` or `new`, a namespace with a loopback link; the path of a namespace; for a
   * service in the default sandbox also `private`, a namespace behind the machine's firewall: only `publish` opens ports,
   * and only `egress` allows connections out. @default of a service private, of a task host / host
   */
  net: text.optional(),
  /** IPC namespace: `host`, `new`, or a path. @default new / host */
  ipc: text.optional(),
  /** Host name namespace: `host`, `new`, or a path. @default new / host */
  uts: text.optional(),
  /** Process namespace: `host`, `new`, or a path. @default new */
  pid: text.optional(),
  /**
   * User namespace: `new` (with `uidMappings` and `gidMappings`), or a path; in the default sandbox also `private`: 65536
   * users that no other container has, who own the image's files. @default none
   */
  userns: text.optional(),
  /** Host name inside; needs a `uts` namespace of its own. @default the container's name / none */
  hostname: text.optional(),
  /** Mounts the root filesystem read-only. @default true / false */
  readonly: z.boolean().optional(),
  /** Paths hidden from the container. @default those that Docker hides / none */
  maskedPaths: z.array(word).optional(),
  /** Paths that cannot be written. @default those that Docker protects / none */
  readonlyPaths: z.array(word).optional(),
  /** User: a number, or the name of a container (which has a number of its own from 100 up) or of a user of the image. @default the image's USER / 0 */
  uid: owner.optional(),
  /** Group, as `uid`. @default the group of the image's USER, without uid / 0 */
  gid: owner.optional(),
  /** More groups, as `uid`. @default those that list the image's USER, without uid / none */
  additionalGids: z.array(owner).optional(),
  /** Stops setuid programs from gaining privileges. @default true / false */
  noNewPrivileges: z.boolean().optional(),
  /** -1000 (never killed when memory runs out) to 1000 (killed first). @default the parent's */
  oomScoreAdj: z.int().min(-1000).max(1000).optional(),
  /** Mount propagation of the root: `private`, `slave`, `shared`, with `r` before for the whole tree. @default the runtime's */
  rootfsPropagation: text.optional(),
  /** Control group of the container. @default the runtime's */
  cgroupsPath: text.optional(),
  /** Control group limits. @default none */
  resources: resources.optional(),
  /** Kernel parameters of the container's namespaces. @default none */
  sysctl: z.record(word, text).optional(),
  /** Notes for runtime hooks. @default none */
  annotations: z.record(word, text).optional(),
  /** Process limits: `name,soft,hard`, as `nofile,1024,unlimited`. @default the parent's */
  rlimits: z.array(rlimit).optional(),
  /** Users of the user namespace. @default none */
  uidMappings: z.array(idMapping).optional(),
  /** Groups of the user namespace. @default none */
  gidMappings: z.array(idMapping).optional(),
  /** Actions outside the container around its start. @default none */
  runtime: runtime.optional(),
} as const;

/** The schema of an image's `org.mobyproject.config` label. */
export const labelSchema = fields(containerFields);

/** LinuxKit's fields of a container, as plain JSON. */
export type ContainerFields = z.output<typeof labelSchema>;
