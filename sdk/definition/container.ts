import { z } from "zod";
import { containerFields } from "./container-fields.ts";
import { debianImageSchema } from "./debian-image.ts";
import { fields, port, seconds, text, word } from "./fields.ts";
import { egress, publish } from "./network.ts";
import { seccomp } from "./seccomp.ts";
import { signal } from "./signal.ts";
import { after, log, restartLimit } from "./supervision.ts";

/** Where an image comes from: an OCI reference, `oci:DIR:TAG`, `docker-archive:FILE`, or Debian packages. */
export const imageSource = z.union([word, debianImageSchema], {
  error: 'an image reference as "nginx:1.27", or an image made by debian.packages()',
});

/** Where an image comes from, as plain JSON. */
export type ImageSource = z.output<typeof imageSource>;

const checkTimes = {
  /** Seconds between two checks of a healthy service. @default 5 */
  interval: seconds.optional(),
  /** Seconds after which a check has failed. @default 5 */
  timeout: seconds.optional(),
  /** Failures in a row that make the service unhealthy. @default 3 */
  retries: z.int().min(1).max(1000).optional(),
};

/** How the guest checks that a service works: exactly one of `http`, `tcp` and `command`. */
export const health = fields({
  /** A GET that must be answered with `status`. */
  http: fields({
    port,
    /** @default "/" */
    path: z
      .string()
      .regex(/^\/[^\s\0]*$/, 'a path that begins with "/"')
      .optional(),
    /** @default 200 */
    status: z.int().min(100).max(599).optional(),
  }).optional(),
  /** A port that must accept a connection. */
  tcp: fields({ port }).optional(),
  /** A program, run in the container, that must exit with 0. */
  command: z.array(text).min(1, "a program and its arguments").optional(),
  ...checkTimes,
}).superRefine((value, context) => {
  const kinds = [value.http, value.tcp, value.command].filter((kind) => kind !== undefined).length;
  if (kinds !== 1) context.addIssue({ code: "custom", message: "exactly one of http, tcp and command" });
});

/** A secret's name: a file name, and a part of a firmware or cloud key. */
const secretName = z.string().regex(/^[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}$/, 'at most 64 letters, digits or "_", "-", "."');

const everyContainer = {
  image: imageSource,
  ...containerFields,
  /**
   * `default`: everything is closed unless a field opens it. `linuxkit`: what LinuxKit does with the same fields.
   * @default "default"
   */
  sandbox: z.enum(["default", "linuxkit"]).optional(),
  /**
   * What the `org.mobyproject.config` label of the image may do in the default sandbox. `narrow`: close it further. `allow`:
   * also open it, which gives the image's publisher every privilege on the machine; the audit reports what it opens.
   * @default "narrow"
   */
  label: z.enum(["narrow", "allow"]).optional(),
  /**
   * System calls that it may make: the default list, extended by its capabilities; a profile of its own; or all.
   * @default "default", with `sandbox: "linuxkit"` "unconfined"
   */
  seccomp: seccomp.optional(),
};

const taskFields = {
  ...everyContainer,
  /** Seconds after which it is killed and has failed; 0 is no limit. @default 300, at shutdown 30 */
  timeout: z.number().min(0).max(86_400).optional(),
};

export const onbootSchema = fields({
  ...taskFields,
  /** The boot continues when it fails. @default false */
  optional: z.boolean().optional(),
});

export const onshutdownSchema = fields(taskFields);

export const serviceSchema = fields({
  ...everyContainer,
  /** When it is restarted after its end; each pause is longer than the last. @default "always" */
  restart: z.enum(["always", "on-failure", "never"]).optional(),
  /** The number of restarts after which it stays down. @default no limit */
  restartLimit: restartLimit.optional(),
  /** Services by name: it starts when each of them is healthy, or runs when it has no health check. @default none */
  after: after.optional(),
  /** How its health is checked. @default it is healthy while it runs */
  health: health.optional(),
  /** The signal that asks it to end, as `"SIGQUIT"`. @default the image's STOPSIGNAL, in LinuxKit's sandbox SIGTERM */
  stopSignal: signal.optional(),
  /** Seconds from that signal to SIGKILL. @default 10 */
  stopTimeout: z.number().min(0).max(3600).optional(),
  /** How much of its output is kept, and where else it is sent. @default 512 KiB in memory, nowhere else */
  log: log.optional(),
  /**
   * Ports of the machine that lead to a service in a network of its own: `[machine's port:]its port[/tcp or /udp]`.
   * @default the port of `health.http` or `health.tcp`
   */
  publish: z.array(publish).optional(),
  /** All that a service in a network of its own may connect to. @default nothing */
  egress: z.array(egress).optional(),
  /**
   * Secrets by name. Each is a file `/run/secrets/NAME` (0400, of the service's user) on a tmpfs. The values go from
   * the stack to the machine; no image holds them.
   * @default none
   */
  secrets: z.record(secretName, z.string(), { error: "an object: the secret's name and its value" }).optional(),
});

/** A container with all the fields that any of the three kinds has, as plain JSON. */
export type Container = z.output<typeof serviceSchema> & Pick<z.output<typeof onbootSchema>, "timeout" | "optional">;
