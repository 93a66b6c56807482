import { z } from "zod";
import { containerFields } from "./container-fields.ts";
import { imageSource } from "./debian-image.ts";
import { environment } from "./environment.ts";
import { anySeconds, fields, secretName, word } from "./fields.ts";
import { health } from "./health.ts";
import type { Known } from "./inputs.ts";
import { egress, publish } from "./network.ts";
import { seccomp } from "./seccomp.ts";
import type { OnbootTaskArgs, ServiceArgs } from "./service-args.ts";
import { signal } from "./signal.ts";
import { after, log, restartLimit } from "./supervision.ts";

const everyContainer = {
  image: imageSource,
  ...containerFields,
  env: environment.optional(),
  sandbox: z.enum(["default", "linuxkit"]).optional(),
  label: z.enum(["narrow", "allow"]).optional(),
  seccomp: seccomp.optional(),
  cgroup: z.enum(["new", "delegated", "host"]).optional(),
  modules: z.array(word).optional(),
};

const taskFields = { ...everyContainer, timeout: anySeconds.min(0).max(86_400).optional() };

/** The schema of `OnbootTaskArgs`. */
export const onbootSchema = fields({ ...taskFields, optional: z.boolean().optional() });

/** The schema of `OnshutdownTaskArgs`. */
export const onshutdownSchema = fields(taskFields);

/** The schema of `ServiceArgs`. */
export const serviceSchema = fields({
  ...everyContainer,
  restart: z.enum(["always", "on-failure", "never"]).optional(),
  restartLimit: restartLimit.optional(),
  after: after.optional(),
  health: health.optional(),
  stopSignal: signal.optional(),
  stopTimeout: anySeconds.min(0).max(3600).optional(),
  log: log.optional(),
  publish: z.array(publish).optional(),
  egress: z.array(egress).optional(),
  forwards: z.boolean().optional(),
  secrets: z.record(secretName, z.string(), { error: "an object: the secret's name and its value" }).optional(),
});

/** A container with all the fields that any of the three kinds has, as plain JSON. */
export interface Container extends Omit<Known<ServiceArgs>, "env">, Known<Pick<OnbootTaskArgs, "timeout" | "optional">> {
  /** `NAME=value`; replaces the image's list. @default the image's */
  readonly env?: readonly string[] | undefined;
}
