import type { Input } from "@pulumi/pulumi/output.js";

import type { Capability } from "./capability.ts";
import type { ContainerRuntimeArgs } from "./container-runtime.ts";
import type { DeviceArgs } from "./device.ts";
import type { ContainerMountArgs, IdMappingArgs } from "./mount.ts";
import type { ResourcesArgs } from "./resources-args.ts";

/** A capability by its kernel name; `all` and `none` stand alone in their list. */
export type CapabilityName = Capability | "all" | "none" | (string & {});

/**
 * LinuxKit's fields of a container. A missing field comes from the label `org.mobyproject.config` of the image, then from the
 * image's own configuration, then from the defaults of the sandbox (`sandbox`). Of two defaults here, the first is that of
 * `sandbox: "default"`, the one after the slash that of `sandbox: "linuxkit"`.
 */
export interface ContainerFieldsArgs {
  /**
   * Program and arguments; replaces the image's entrypoint and command together.
   * @default the image's
   * @example ["node", "/app/server.js"]
   */
  readonly command?: Input<readonly Input<string>[] | undefined>;
  /** `NAME=value`; replaces the image's list. @default the image's @example ["LEVEL=info"] */
  readonly env?: Input<readonly Input<string>[] | undefined>;
  /** Working directory. @default the image's, else `/` @example "/app" */
  readonly cwd?: Input<string | undefined>;
  /** Capabilities of the process, or `["all"]`. @default none @example ["CAP_NET_BIND_SERVICE"] */
  readonly capabilities?: Input<readonly Input<CapabilityName>[] | undefined>;
  /** Capabilities added to those of the image's label; not beside `capabilities`. @default none @example ["CAP_SYS_TIME"] */
  readonly "capabilities.add"?: Input<readonly Input<CapabilityName>[] | undefined>;
  /** Capabilities that survive a change of user and an exec. @default none @example ["CAP_NET_BIND_SERVICE"] */
  readonly ambient?: Input<readonly Input<CapabilityName>[] | undefined>;
  /**
   * Mounts, as the runtime specification has them.
   * @default none
   * @example [{ type: "tmpfs", destination: "/cache", options: ["size=64m"] }]
   */
  readonly mounts?: Input<readonly ContainerMountArgs[] | undefined>;
  /**
   * Directories or volumes to show in the container: `source:/destination[:options]`.
   * @default none
   * @example ["data:/var/lib/app", "/etc/ssl/certs:/etc/ssl/certs:ro"]
   */
  readonly binds?: Input<readonly Input<string>[] | undefined>;
  /** Binds added to those of the image's label; not beside `binds`. @default none @example ["data:/data"] */
  readonly "binds.add"?: Input<readonly Input<string>[] | undefined>;
  /** Empty writable directories in memory: `/destination[:options]`. @default none @example ["/tmp", "/run:size=16m"] */
  readonly tmpfs?: Input<readonly Input<string>[] | undefined>;
  /**
   * Device nodes to create, and to allow.
   * @default none
   * @example [{ path: "/dev/fuse", type: "c", major: 10, minor: 229, mode: "0660" }]
   */
  readonly devices?: Input<readonly DeviceArgs[] | undefined>;
  /**
   * Network: `host`, the machine's; `none` or `new`, a namespace with a loopback link; the path of a namespace; for a
   * service in the default sandbox also `private`, a namespace behind the machine's firewall: only `publish` opens ports,
   * and only `egress` allows connections out.
   * @default of a service private, of a task host / host
   * @example "host"
   */
  readonly net?: Input<string | undefined>;
  /** IPC namespace: `host`, `new`, or a path. @default new / host @example "new" */
  readonly ipc?: Input<string | undefined>;
  /** Host name namespace: `host`, `new`, or a path. @default new / host @example "new" */
  readonly uts?: Input<string | undefined>;
  /** Process namespace: `host`, `new`, or a path. @default new @example "host" */
  readonly pid?: Input<string | undefined>;
  /**
   * User namespace: `new` (with `uidMappings` and `gidMappings`), or a path; in the default sandbox also `private`: 65536
   * users that no other container has, who own the image's files.
   * @default none
   * @example "private"
   */
  readonly userns?: Input<string | undefined>;
  /** Host name inside; needs a `uts` namespace of its own. @default the container's name / none @example "web" */
  readonly hostname?: Input<string | undefined>;
  /** Mounts the root filesystem read-only. @default true / false */
  readonly readonly?: Input<boolean | undefined>;
  /** Paths hidden from the container. @default those that Docker hides / none @example ["/proc/kcore"] */
  readonly maskedPaths?: Input<readonly Input<string>[] | undefined>;
  /** Paths that cannot be written. @default those that Docker protects / none @example ["/proc/sys"] */
  readonly readonlyPaths?: Input<readonly Input<string>[] | undefined>;
  /**
   * User: a number, or the name of a container (which has a number of its own from 100 up) or of a user of the image.
   * @default the image's USER / 0
   * @example "postgres"
   */
  readonly uid?: Input<number | string | undefined>;
  /** Group, as `uid`. @default the group of the image's USER, without uid / 0 @example 999 */
  readonly gid?: Input<number | string | undefined>;
  /** More groups, as `uid`. @default those that list the image's USER, without uid / none @example [44] */
  readonly additionalGids?: Input<readonly Input<number | string>[] | undefined>;
  /** Stops setuid programs from gaining privileges. @default true / false */
  readonly noNewPrivileges?: Input<boolean | undefined>;
  /** -1000 (never killed when memory runs out) to 1000 (killed first). @default the parent's @example -500 */
  readonly oomScoreAdj?: Input<number | undefined>;
  /**
   * Mount propagation of the root: `private`, `slave`, `shared`, with `r` before for the whole tree.
   * @default the runtime's
   * @example "rslave"
   */
  readonly rootfsPropagation?: Input<string | undefined>;
  /** Control group of the container. @default the runtime's @example "/web" */
  readonly cgroupsPath?: Input<string | undefined>;
  /** Control group limits. @default none @example { memory: { limit: 268435456 }, pids: { limit: 100 } } */
  readonly resources?: ResourcesArgs | undefined;
  /** Kernel parameters of the container's namespaces. @default none @example { "net.ipv4.ip_unprivileged_port_start": "0" } */
  readonly sysctl?: Readonly<Record<string, Input<string>>> | undefined;
  /** Notes for runtime hooks. @default none @example { "com.example.team": "web" } */
  readonly annotations?: Readonly<Record<string, Input<string>>> | undefined;
  /** Process limits: `name,soft,hard`. @default the parent's @example ["nofile,1024,unlimited"] */
  readonly rlimits?: Input<readonly Input<string>[] | undefined>;
  /** Users of the user namespace. @default none @example [{ containerID: 0, hostID: 100000, size: 65536 }] */
  readonly uidMappings?: Input<readonly IdMappingArgs[] | undefined>;
  /** Groups of the user namespace. @default none @example [{ containerID: 0, hostID: 100000, size: 65536 }] */
  readonly gidMappings?: Input<readonly IdMappingArgs[] | undefined>;
  /** Actions outside the container around its start. @default none @example { mkdir: ["/run/web"] } */
  readonly runtime?: ContainerRuntimeArgs | undefined;
}
