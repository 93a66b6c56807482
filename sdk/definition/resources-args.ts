import type { Input } from "@pulumi/pulumi/output.js";

/** A rule of the devices control group. */
export interface DeviceRuleArgs {
  /** Whether the rule allows or forbids. */
  readonly allow: Input<boolean>;
  /** `a` all, `c` character, `b` block, `u` unbuffered character, `p` fifo. @default all */
  readonly type?: Input<"a" | "b" | "c" | "u" | "p" | undefined>;
  /** The driver's number. @default every one @example 10 */
  readonly major?: Input<number | undefined>;
  /** The device's number in its driver. @default every one @example 229 */
  readonly minor?: Input<number | undefined>;
  /** Letters of `rwm`: read, write, create nodes. @default all three @example "rw" */
  readonly access?: Input<string | undefined>;
}

/** Limits of a container's memory, in bytes. */
export interface MemoryLimitArgs {
  /** Most memory, in bytes; -1 without limit. @default no limit @example 268435456 */
  readonly limit?: Input<number | undefined>;
  /** Soft limit, in bytes: memory above it is reclaimed first. @default none @example 134217728 */
  readonly reservation?: Input<number | undefined>;
  /** Most memory and swap together, in bytes; it needs `limit`. @default no limit @example 268435456 */
  readonly swap?: Input<number | undefined>;
  /**
   * Most kernel memory, in bytes. Only for another init than `debian.init()`: Linux's second control groups do not have it.
   * @default none
   * @example 33554432
   */
  readonly kernel?: Input<number | undefined>;
  /** Most kernel TCP memory, in bytes, as `kernel`. @default none @example 33554432 */
  readonly kernelTCP?: Input<number | undefined>;
  /** 0 to 100, as `kernel`. @default the kernel's @example 60 */
  readonly swappiness?: Input<number | undefined>;
  /** Whether the container is paused instead of killed where memory runs out, as `kernel`. @default false */
  readonly disableOOMKiller?: Input<boolean | undefined>;
}

/** Limits of a container's processor time. */
export interface CpuLimitArgs {
  /** Weight beside other containers, 2 to 262144. @default 1024 @example 512 */
  readonly shares?: Input<number | undefined>;
  /** Microseconds of processor time in each period: twice the period is two processors. @default no limit @example 50000 */
  readonly quota?: Input<number | undefined>;
  /** Microseconds of a period. @default 100000 @example 100000 */
  readonly period?: Input<number | undefined>;
  /**
   * Microseconds of real-time scheduling in each period. Only for another init than `debian.init()`, as `kernel` of the
   * memory.
   * @default none
   * @example 950000
   */
  readonly realtimeRuntime?: Input<number | undefined>;
  /** Microseconds of a real-time period, as `realtimeRuntime`. @default none @example 1000000 */
  readonly realtimePeriod?: Input<number | undefined>;
  /** Processors to run on. @default all @example "0-3,6" */
  readonly cpus?: Input<string | undefined>;
  /** Memory nodes to use. @default all @example "0-1" */
  readonly mems?: Input<string | undefined>;
}

/** Limit of a container's processes. */
export interface PidsLimitArgs {
  /** Most processes and threads; -1 without limit. @example 100 */
  readonly limit: Input<number>;
}

/** Weight of one device beside other containers. */
export interface DeviceWeightArgs {
  /** The driver's number. @example 254 */
  readonly major: Input<number>;
  /** The device's number in its driver. @example 0 */
  readonly minor: Input<number>;
  /** Relative weight, 10 to 1000. @default that of the container @example 500 */
  readonly weight?: Input<number | undefined>;
  /** The same beside its own child groups. Only for another init than `debian.init()`. @default none @example 500 */
  readonly leafWeight?: Input<number | undefined>;
}

/** Limit of one device. */
export interface DeviceRateArgs {
  /** The driver's number. @example 254 */
  readonly major: Input<number>;
  /** The device's number in its driver. @example 0 */
  readonly minor: Input<number>;
  /** Bytes or operations in a second. @example 10485760 */
  readonly rate: Input<number>;
}

/** Limits of what a container reads from disks and writes to them. */
export interface BlockLimitArgs {
  /** Relative weight, 10 to 1000. @default the kernel's @example 500 */
  readonly weight?: Input<number | undefined>;
  /** The same beside its own child groups. Only for another init than `debian.init()`. @default none @example 500 */
  readonly leafWeight?: Input<number | undefined>;
  /** Weights by device. @default none @example [{ major: 254, minor: 0, weight: 500 }] */
  readonly weightDevice?: Input<readonly DeviceWeightArgs[] | undefined>;
  /** Bytes read in a second, by device. @default no limit @example [{ major: 254, minor: 0, rate: 10485760 }] */
  readonly throttleReadBpsDevice?: Input<readonly DeviceRateArgs[] | undefined>;
  /** Bytes written in a second, by device. @default no limit @example [{ major: 254, minor: 0, rate: 10485760 }] */
  readonly throttleWriteBpsDevice?: Input<readonly DeviceRateArgs[] | undefined>;
  /** Reads in a second, by device. @default no limit @example [{ major: 254, minor: 0, rate: 1000 }] */
  readonly throttleReadIOPSDevice?: Input<readonly DeviceRateArgs[] | undefined>;
  /** Writes in a second, by device. @default no limit @example [{ major: 254, minor: 0, rate: 1000 }] */
  readonly throttleWriteIOPSDevice?: Input<readonly DeviceRateArgs[] | undefined>;
}

/** Limit of a container's huge pages of one size. */
export interface HugepageLimitArgs {
  /** As the kernel spells it. @example "2MB" */
  readonly pageSize: Input<string>;
  /** Bytes. @example 67108864 */
  readonly limit: Input<number>;
}

/** Priority of a container's packets on one interface. */
export interface NetworkPriorityArgs {
  /** The interface's name. @example "eth0" */
  readonly name: Input<string>;
  /** Its priority. @example 5 */
  readonly priority: Input<number>;
}

/** Marks of a container's packets. Only for another init than `debian.init()`: Linux's second control groups have none. */
export interface NetworkClassArgs {
  /** Tag of the packets (net_cls). @default none @example 1048577 */
  readonly classID?: Input<number | undefined>;
  /** Priority of the packets by interface (net_prio). @default none @example [{ name: "eth0", priority: 5 }] */
  readonly priorities?: Input<readonly NetworkPriorityArgs[] | undefined>;
}

/** Control group limits of a container (runtime-spec, config-linux.md, "Control groups"). */
export interface ResourcesArgs {
  /**
   * Which devices may be opened.
   * @default those of `devices` of the container, and the usual ones as `/dev/null`
   * @example [{ allow: true, type: "c", major: 10, access: "rw" }]
   */
  readonly devices?: Input<readonly DeviceRuleArgs[] | undefined>;
  /** Memory, in bytes. @default no limit @example { limit: 268435456 } */
  readonly memory?: MemoryLimitArgs | undefined;
  /** Processor time. @default no limit @example { quota: 50000, period: 100000 } */
  readonly cpu?: CpuLimitArgs | undefined;
  /** Processes. @default 8192, with `sandbox: "linuxkit"` no limit @example { limit: 100 } */
  readonly pids?: PidsLimitArgs | undefined;
  /** What is read from disks and written to them. @default no limit @example { weight: 500 } */
  readonly blockio?: BlockLimitArgs | undefined;
  /** Huge pages. @default no limit @example [{ pageSize: "2MB", limit: 67108864 }] */
  readonly hugepageLimits?: Input<readonly HugepageLimitArgs[] | undefined>;
  /** Marks of packets. @default none @example { classID: 1048577 } */
  readonly network?: NetworkClassArgs | undefined;
}
