import type { Input } from "@pulumi/pulumi/output.js";

import type { ContainerFieldsArgs } from "./container-args.ts";
import type { ImageSource } from "./debian-image.ts";
import type { EnvironmentArgs } from "./environment.ts";
import type { HealthArgs } from "./health.ts";
import type { Inputs } from "./inputs.ts";
import type { EgressArgs } from "./network.ts";
import type { SeccompExtensionArgs, SeccompProfileArgs } from "./seccomp.ts";
import type { LogArgs, RestartLimitArgs } from "./supervision.ts";

/** What every container has beside LinuxKit's fields. */
export interface ContainerArgs extends Omit<ContainerFieldsArgs, "env"> {
  /**
   * Environment variables by name, or a list of `NAME=value`; they replace the image's.
   * @default the image's
   * @example { LEVEL: "info" }
   */
  readonly env?: EnvironmentArgs;
  /** Where the image comes from: an OCI reference, `oci:DIR:TAG`, `docker-archive:FILE`, or Debian packages. @example "nginx:1.27" */
  readonly image: Inputs<ImageSource>;
  /** `default`: everything is closed unless a field opens it. `linuxkit`: what LinuxKit does with the same fields. @default "default" */
  readonly sandbox?: Input<"default" | "linuxkit" | undefined>;
  /**
   * What the `org.mobyproject.config` label of the image may do in the default sandbox. `narrow`: close it further. `allow`:
   * also open it, which gives the image's publisher every privilege on the machine; the audit reports what it opens.
   * @default "narrow"
   */
  readonly label?: Input<"narrow" | "allow" | undefined>;
  /**
   * System calls that it may make: the default list, extended by its capabilities; that list and the calls that you name; a
   * profile of its own; or all.
   * @default "default", with `sandbox: "linuxkit"` "unconfined"
   * @example { base: "default", allow: ["keyctl"] }
   */
  readonly seccomp?: Input<"default" | "unconfined" | undefined> | SeccompExtensionArgs | SeccompProfileArgs;
  /**
   * What it sees of the control groups at /sys/fs/cgroup. `new`: its own, read-only. `delegated`: its own, in which it may make
   * groups and share out its limits, as a container engine does; its first process is in the group `init`. `host`: all of the
   * machine's, writable.
   * @default "new", with `sandbox: "linuxkit"` "host"
   * @example "delegated"
   */
  readonly cgroup?: Input<"new" | "delegated" | "host" | undefined>;
  /**
   * Kernel modules that it needs, with their dependencies. They are added to those of `debian.kernel()` and loaded at boot,
   * because no container may load one.
   * @default none
   * @example ["overlay", "br_netfilter"]
   */
  readonly modules?: Input<readonly Input<string>[] | undefined>;
}

/** Arguments of `OnshutdownTask`. */
export interface OnshutdownTaskArgs extends ContainerArgs {
  /** Seconds after which it is killed and has failed; 0 is no limit. @default 300, at shutdown 30 @example 60 */
  readonly timeout?: Input<number | undefined>;
}

/** Arguments of `OnbootTask`. */
export interface OnbootTaskArgs extends OnshutdownTaskArgs {
  /** The boot continues when it fails. @default false */
  readonly optional?: Input<boolean | undefined>;
}

/** Arguments of `Service`. */
export interface ServiceArgs extends ContainerArgs {
  /** When it is restarted after its end; each pause is longer than the last. @default "always" */
  readonly restart?: Input<"always" | "on-failure" | "never" | undefined>;
  /** The number of restarts after which it stays down. @default no limit @example { count: 5, within: 60 } */
  readonly restartLimit?: RestartLimitArgs | undefined;
  /** Services by name: it starts when each of them is healthy, or runs when it has no health check. @default none @example ["db"] */
  readonly after?: Input<readonly Input<string>[] | undefined>;
  /** How its health is checked. @default it is healthy while it runs @example { http: { port: 8080, path: "/healthz" } } */
  readonly health?: HealthArgs | undefined;
  /** The signal that asks it to end. @default the image's STOPSIGNAL, in LinuxKit's sandbox SIGTERM @example "SIGQUIT" */
  readonly stopSignal?: Input<string | number | undefined>;
  /** Seconds from that signal to SIGKILL. @default 10 @example 60 */
  readonly stopTimeout?: Input<number | undefined>;
  /**
   * How much of its output is kept, and where else it is sent.
   * @default 512 KiB in memory, nowhere else
   * @example { size: 1048576, forward: "tcp://10.0.0.5:601" }
   */
  readonly log?: LogArgs | undefined;
  /**
   * Ports of the machine that lead to a service in a network of its own: `[machine's port:]its port[/tcp or /udp]`.
   * @default the port of `health.http` or `health.tcp`
   * @example ["8080:80", "53/udp"]
   */
  readonly publish?: Input<readonly Input<string>[] | undefined>;
  /** All that a service in a network of its own may connect to. @default nothing @example [{ to: "db", port: 5432 }, { to: "dns" }] */
  readonly egress?: Input<readonly EgressArgs[] | undefined>;
  /**
   * For a service on the machine's network: it passes packets on between networks, as a container engine does for the ports of
   * its containers. Then the machine's firewall lets packets through that concern none of its services; else it drops them.
   * @default false; wanted where a kernel module of bridges or tunnels shows that it may
   * @example true
   */
  readonly forwards?: Input<boolean | undefined>;
  /**
   * Secrets by name. Each is a file `/run/secrets/NAME` (0400, of the service's user) on a tmpfs. The values go from
   * the stack to the machine; no image holds them.
   * @default none
   * @example { password: config.requireSecret("password") }
   */
  readonly secrets?: Readonly<Record<string, Input<string>>> | undefined;
}
