import { z } from "zod";
import { count, fields, word } from "./fields.ts";

const int = z.int();
const deviceRate = z.array(fields({ major: count, minor: count, /** Bytes or operations in a second. */ rate: count }));

/** A rule of the devices control group. */
export const deviceRule = fields({
  allow: z.boolean(),
  /** `a` all, `c` character, `b` block. @default all */
  type: z.enum(["a", "b", "c", "u", "p"]).optional(),
  /** @default every one */
  major: int.optional(),
  /** @default every one */
  minor: int.optional(),
  /** Letters of `rwm`: read, write, create nodes. */
  access: z
    .string()
    .regex(/^[rwm]{1,3}$/, 'letters of "rwm"')
    .optional(),
});

/** Control group limits of a container (runtime-spec, config-linux.md, "Control groups"). */
export const resources = fields({
  /** Which devices may be opened. */
  devices: z.array(deviceRule).optional(),
  memory: fields({
    /** Most memory, in bytes; -1 without limit. */
    limit: int.optional(),
    /** Soft limit, in bytes. */
    reservation: int.optional(),
    /** Most memory and swap together, in bytes. */
    swap: int.optional(),
    /** Most kernel memory, in bytes. */
    kernel: int.optional(),
    /** Most kernel TCP memory, in bytes. */
    kernelTCP: int.optional(),
    /** 0 to 100. */
    swappiness: z.int().min(0).max(100).optional(),
    disableOOMKiller: z.boolean().optional(),
  }).optional(),
  cpu: fields({
    /** Relative weight, 2 to 262144. */
    shares: count.optional(),
    /** Microseconds of CPU in each period. */
    quota: int.optional(),
    /** Microseconds. */
    period: count.optional(),
    /** Microseconds of realtime scheduling in each period. */
    realtimeRuntime: int.optional(),
    /** Microseconds. */
    realtimePeriod: count.optional(),
    /** CPUs to run on, as `0-3,6`. */
    cpus: word.optional(),
    /** Memory nodes, as `0-1`. */
    mems: word.optional(),
  }).optional(),
  pids: fields({
    /** Most processes; -1 without limit. */
    limit: int,
  }).optional(),
  blockio: fields({
    /** Relative weight, 10 to 1000. */
    weight: z.int().min(0).max(1000).optional(),
    leafWeight: z.int().min(0).max(1000).optional(),
    weightDevice: z.array(fields({ major: count, minor: count, weight: count.optional(), leafWeight: count.optional() })).optional(),
    throttleReadBpsDevice: deviceRate.optional(),
    throttleWriteBpsDevice: deviceRate.optional(),
    throttleReadIOPSDevice: deviceRate.optional(),
    throttleWriteIOPSDevice: deviceRate.optional(),
  }).optional(),
  hugepageLimits: z
    .array(
      fields({
        /** As the kernel spells it: `2MB`. */
        pageSize: word,
        /** Bytes. */
        limit: count,
      }),
    )
    .optional(),
  network: fields({
    /** Tag of the packets (net_cls). */
    classID: count.optional(),
    /** Priority of the packets by interface (net_prio). */
    priorities: z.array(fields({ name: word, priority: count })).optional(),
  }).optional(),
});
