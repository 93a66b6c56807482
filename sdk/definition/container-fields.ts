import { z } from "zod";
import type { ContainerFieldsArgs } from "./container-args.ts";
import { runtime } from "./container-runtime.ts";
import { device } from "./device.ts";
import { capabilities, fields, owner, text, word } from "./fields.ts";
import type { Known } from "./inputs.ts";
import { bind, containerMount, idMapping, tmpfs } from "./mount.ts";
import { resources } from "./resources.ts";
import { rlimit } from "./rlimit.ts";

/**
 * The schemas of `ContainerFieldsArgs`, by LinuxKit's own names: what its YAML has beside `name` and `image`, and what an
 * image's `org.mobyproject.config` label may set.
 */
export const containerFields = {
  command: z.array(text).optional(),
  env: z.array(text).optional(),
  cwd: text.optional(),
  capabilities: capabilities.optional(),
  "capabilities.add": capabilities.optional(),
  ambient: capabilities.optional(),
  mounts: z.array(containerMount).optional(),
  binds: z.array(bind).optional(),
  "binds.add": z.array(bind).optional(),
  tmpfs: z.array(tmpfs).optional(),
  devices: z.array(device).optional(),
  net: text.optional(),
  ipc: text.optional(),
  uts: text.optional(),
  pid: text.optional(),
  userns: text.optional(),
  hostname: text.optional(),
  readonly: z.boolean().optional(),
  maskedPaths: z.array(word).optional(),
  readonlyPaths: z.array(word).optional(),
  uid: owner.optional(),
  gid: owner.optional(),
  additionalGids: z.array(owner).optional(),
  noNewPrivileges: z.boolean().optional(),
  oomScoreAdj: z.int().min(-1000).max(1000).optional(),
  rootfsPropagation: text.optional(),
  cgroupsPath: text.optional(),
  resources: resources.optional(),
  sysctl: z.record(word, text).optional(),
  annotations: z.record(word, text).optional(),
  rlimits: z.array(rlimit).optional(),
  uidMappings: z.array(idMapping).optional(),
  gidMappings: z.array(idMapping).optional(),
  runtime: runtime.optional(),
} as const;

/** The schema of an image's `org.mobyproject.config` label. */
export const labelSchema = fields(containerFields);

/** LinuxKit's fields of a container, as plain JSON. */
export type ContainerFields = Known<ContainerFieldsArgs>;
