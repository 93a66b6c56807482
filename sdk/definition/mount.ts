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
export const idMapping = fields({
  /** First id inside the container. */
  containerID: count,
  /** First id outside. */
  hostID: count,
  /** How many. */
  size: count,
});

/** A mount, as in the runtime specification. Some fields have defaults: see `usualDestination`. */
export const mount = fields({
  /** Absolute path in the container. @default the default destination of `type`: `/proc`, `/dev/pts`, `/sys`, `/sys/fs/cgroup`, `/dev/mqueue` */
  destination: word.optional(),
  /** Filesystem type, or `bind`. @default `source` when that is a type; `tmpfs` for the destination `/dev` */
  type: word.optional(),
  /** Device, directory, or for `bind` an absolute path or a volume's name. @default the type */
  source: word.optional(),
  /** As for mount(8). @default none */
  options: z.array(word).optional(),
  /** Ids shifted on this mount, if the filesystem supports it. @default none */
  uidmappings: z.array(idMapping).optional(),
  /** @default none */
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
