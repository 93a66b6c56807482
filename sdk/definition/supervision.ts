import { z } from "zod";
import { containerName, fields, seconds } from "./fields.ts";

/** Services that have to be up first. */
export const after = z.array(containerName);

/** How often a service may end before it stays down. */
export const restartLimit = fields({
  /** So many restarts are made; the next end is its last. */
  count: z.int().min(1).max(1000),
  /** Seconds: only the ends of so long ago count. @default all since the machine started */
  within: seconds.optional(),
});

const FORWARD = /^(?:(?:udp|tcp):\/\/[A-Za-z0-9.-]+:\d{1,5}|http:\/\/[A-Za-z0-9.-]+(?::\d{1,5})?(?:\/[^\s\0]*)?)$/;

/** What becomes of what a service writes. */
export const log = fields({
  /**
   * Bytes kept in memory, at least 8 KiB: half of it in the file that is written, half in the one before.
   * @default 524288
   */
  size: z.int().min(8192).max(1 << 30).optional(),
  /**
   * Where each line is sent as well: `udp://host:514` and `tcp://host:601` speak syslog (RFC 5424), `http://host/path`
   * takes lines by POST. What cannot be sent in time is dropped there, and still kept here.
   */
  forward: z.string().regex(FORWARD, '"udp://host:514", "tcp://host:601" or "http://host/path"').optional(),
});
