import { z } from "zod";
import { bytes, count, fields, word } from "./fields.ts";

const int = z.int();
const deviceRate = z.array(fields({ major: count, minor: count, rate: count }));

/** A rule of the devices control group. */
export const deviceRule = fields({
  allow: z.boolean(),
  type: z.enum(["a", "b", "c", "u", "p"]).optional(),
  major: int.optional(),
  minor: int.optional(),
  access: z
    .string()
    .regex(/^[rwm]{1,3}$/, 'letters of "rwm"')
    .optional(),
});

/** The schema of `ResourcesArgs`: control group limits of a container (runtime-spec, config-linux.md, "Control groups"). */
export const resources = fields({
  devices: z.array(deviceRule).optional(),
  memory: fields({
    limit: bytes.optional(),
    reservation: bytes.optional(),
    swap: bytes.optional(),
    kernel: bytes.optional(),
    kernelTCP: bytes.optional(),
    swappiness: z.int().min(0).max(100).optional(),
    disableOOMKiller: z.boolean().optional(),
  }).optional(),
  cpu: fields({
    shares: count.optional(),
    quota: int.optional(),
    period: count.optional(),
    realtimeRuntime: int.optional(),
    realtimePeriod: count.optional(),
    cpus: word.optional(),
    mems: word.optional(),
  }).optional(),
  pids: fields({
    limit: int,
  }).optional(),
  blockio: fields({
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
        pageSize: word,
        limit: bytes.min(0),
      }),
    )
    .optional(),
  network: fields({
    classID: count.optional(),
    priorities: z.array(fields({ name: word, priority: count })).optional(),
  }).optional(),
});
