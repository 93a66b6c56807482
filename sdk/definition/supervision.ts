import type { Input } from "@pulumi/pulumi/output.js";
import { z } from "zod";
import { bytes, containerName, fields, seconds } from "./fields.ts";
import { isIpv4Network } from "./network.ts";

/** Services that must start first. */
export const after = z.array(containerName);

/** How often a service may end before it stays down. */
export interface RestartLimitArgs {
  /** Number of restarts; after the next end it stays down. @example 5 */
  readonly count: Input<number>;
  /** Seconds: only the ends of this last period count. @default since the machine started @example 60 */
  readonly within?: Input<number | undefined>;
}

/** The schema of {@link RestartLimitArgs}. */
export const restartLimit = fields({
  count: z.int().min(1).max(1000),
  within: seconds.optional(),
});

/** Where a service's output goes. */
export interface LogArgs {
  /**
   * Bytes kept in memory, at least 8 KiB: half of it in the file that is written, half in the one before.
   * @default 524288
   * @example 1048576
   */
  readonly size?: Input<number | undefined>;
  /**
   * Where each line is sent as well: `tcp://10.0.0.5:601` speaks syslog (RFC 5424 lines over TCP, RFC 6587),
   * `http://10.0.0.5:8080/path` takes lines by POST. The host is an IPv4 address: the base system resolves no names.
   * What cannot be sent is dropped there, and still kept here.
   * @default nowhere
   * @example "tcp://10.0.0.5:601"
   */
  readonly forward?: Input<string | undefined>;
}

const FORWARD = /^(?:tcp:\/\/(\d{1,3}(?:\.\d{1,3}){3}):(\d{1,5})|http:\/\/(\d{1,3}(?:\.\d{1,3}){3})(?::(\d{1,5}))?(?:\/[^\s\0]*)?)$/;

const isCollector = (text: string): boolean => {
  const [, syslogHost, syslogPort, httpHost, httpPort] = FORWARD.exec(text) ?? [];
  return isIpv4Network(syslogHost ?? httpHost ?? "") && Number(syslogPort ?? httpPort ?? 80) <= 65535;
};

/** The schema of {@link LogArgs}. */
export const log = fields({
  size: bytes
    .min(8192)
    .max(1 << 30)
    .optional(),
  forward: z.string().refine(isCollector, '"tcp://10.0.0.5:601" or "http://10.0.0.5:8080/path", with an IPv4 address').optional(),
});
