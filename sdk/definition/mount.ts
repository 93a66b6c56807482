import type { Input } from "@pulumi/pulumi/output.js";
import { z } from "zod";
import { count, fields, text, word } from "./fields.ts";

/** Filesystems that need no `type` when they are named as the source. */
export const SELF_NAMED_FILESYSTEMS = ["mqueue", "devpts", "proc", "sysfs", "cgroup"] as const;

const HOME_OF = { proc: "/proc", devpts: "/dev/pts", sysfs: "/sys", cgroup: "/sys/fs/cgroup", mqueue: "/dev/mqueue" } as const;

/** The default destination by filesystem type; undefined for types without one. */
export function usualDestination(type: string): string | undefined {
  return Object.hasOwn(HOME_OF, type) ? HOME_OF[type as keyof typeof HOME_OF] : undefined;
}

/** A range of ids of a user namespace (runtime-spec, config-linux.md). */
export interface IdMappingArgs {
  /** First id inside the container. @example 0 */
  readonly containerID: Input<number>;
  /** First id outside. @example 100000 */
  readonly hostID: Input<number>;
  /** How many ids. @example 65536 */
  readonly size: Input<number>;
}

/** A mount, as in the runtime specification (runtime-spec, config.md, "Mounts"). */
export interface ContainerMountArgs {
  /**
   * Absolute path in the container.
   * @default the usual one of `type`: `/proc`, `/dev/pts`, `/sys`, `/sys/fs/cgroup`, `/dev/mqueue`
   * @example "/cache"
   */
  readonly destination?: Input<string | undefined>;
  /** Filesystem type, or `bind`. @default `source` when that is a type; `tmpfs` for the destination `/dev` @example "tmpfs" */
  readonly type?: Input<string | undefined>;
  /** Device, directory, or for `bind` an absolute path or a volume's name. @default the type @example "data" */
  readonly source?: Input<string | undefined>;
  /** As for mount(8). @default none @example ["nosuid", "size=64m"] */
  readonly options?: Input<readonly Input<string>[] | undefined>;
  /**
   * Users shifted on this mount, if the filesystem supports it.
   * @default none
   * @example [{ containerID: 0, hostID: 100000, size: 65536 }]
   */
  readonly uidmappings?: Input<readonly IdMappingArgs[] | undefined>;
  /** Groups shifted on this mount, as `uidmappings`. @default none @example [{ containerID: 0, hostID: 100000, size: 65536 }] */
  readonly gidmappings?: Input<readonly IdMappingArgs[] | undefined>;
}

/** The schema of {@link IdMappingArgs}. */
export const idMapping = fields({ containerID: count, hostID: count, size: count });

/** The schema of {@link ContainerMountArgs}. Some fields have defaults: see `usualDestination`. */
export const mount = fields({
  destination: word.optional(),
  type: word.optional(),
  source: word.optional(),
  options: z.array(word).optional(),
  uidmappings: z.array(idMapping).optional(),
  gidmappings: z.array(idMapping).optional(),
});

/** A mount in a container's own filesystem: type and destination are required, unless they follow from the rest. */
export const containerMount = mount.superRefine((value, context) => {
  const type = value.type ?? typeOf(value);
  if (type === undefined) {
    context.addIssue({ code: "custom", path: ["type"], message: `a filesystem type, or "bind"` });
  } else if (value.destination === undefined && usualDestination(type) === undefined) {
    context.addIssue({ code: "custom", path: ["destination"], message: `an absolute path: type "${type}" has no default destination` });
  }
});

/** The filesystem type of a mount that does not name one. */
export function typeOf(value: { source?: string | undefined; destination?: string | undefined }): string | undefined {
  if (value.source !== undefined && (SELF_NAMED_FILESYSTEMS as readonly string[]).includes(value.source)) return value.source;
  return value.destination === "/dev" ? "tmpfs" : undefined;
}

/** `source:destination`, with mount options after a second colon. The source is an absolute path or a volume's name. */
export const bind = text.refine((value) => {
  const parts = value.split(":");
  return (parts.length === 2 || parts.length === 3) && parts[0] !== "" && parts[1]?.startsWith("/");
}, '"source:/destination" or "source:/destination:options"');

/** `destination`, with mount options after a colon. */
export const tmpfs = text.refine(
  (value) => value.split(":").length <= 2 && value.startsWith("/"),
  '"/destination" or "/destination:options"',
);
