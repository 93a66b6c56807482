import { z } from "zod";
import { LinuxKitError } from "../../core/errors.ts";
import type { DebianImage } from "../../definition/debian-image.ts";
import { fields, seconds, treePath, word } from "../../definition/fields.ts";
import { checked, debianImage } from "./arguments.ts";

/** A path of the machine at which a filesystem may be mounted. */
export const mountPath = treePath.regex(/^\/(var|mnt)(\/[A-Za-z0-9._-]+)*$/, "a path under /var or /mnt");

/** The schema of {@link MountArgs}. */
export const mountSchema = fields({
  label: word.regex(/^[^"\\$`\n]{1,64}$/, "a filesystem label").optional(),
  device: word.regex(/^\/dev\/[A-Za-z0-9/_-]+$/, "a device such as /dev/vdb1").optional(),
  path: mountPath.optional(),
  type: word.regex(/^[a-z0-9]+$/, "a filesystem type such as ext4").optional(),
  options: z.array(word.regex(/^[^\s,]+$/, "a mount option")).optional(),
  timeout: seconds.optional(),
});

/** Arguments of `debian.mount`. */
export interface MountArgs {
  /** The filesystem's label. Set either `label` or `device`. @default see `device` @example "data" */
  readonly label?: string | undefined;
  /** The filesystem's device. Set either `label` or `device`. @default see `label` @example "/dev/vdb1" */
  readonly device?: string | undefined;
  /** The mount point on the machine, below `/var` or `/mnt`. @default "/var" @example "/mnt/data" */
  readonly path?: string | undefined;
  /** The filesystem's type. @default "ext4" @example "xfs" */
  readonly type?: string | undefined;
  /** Options of mount(8). @default none @example ["noatime"] */
  readonly options?: readonly string[] | undefined;
  /** Seconds to wait for the device. @default 30 @example 60 */
  readonly timeout?: number | undefined;
}

/**
 * An onboot task that mounts a filesystem on the machine, by its label or device. It fails if the device does not appear
 * in time or cannot be mounted. Containers use the filesystem with a bind.
 *
 * @throws INVALID_DEFINITION
 */
export function mount(args: MountArgs): DebianImage {
  const { label, device, path = "/var", type = "ext4", options = [], timeout = 30 } = checked("debian.mount", mountSchema, args);
  if ((label === undefined) === (device === undefined)) {
    throw new LinuxKitError(
      "INVALID_DEFINITION",
      `debian.mount: got ${label === undefined ? "neither label nor device" : "both label and device"}, wanted one of them`,
      { path: "label" },
    );
  }
  const root = `/${path.split("/")[1]}`;
  return debianImage(
    {
      program: "linuxkitd",
      files: [{ path: root.slice(1), directory: true }],
    },
    {
      command: [
        "/usr/bin/linuxkitd",
        "mount",
        label === undefined ? (device as string) : `LABEL=${label}`,
        path,
        type,
        options.join(","),
        String(Math.ceil(timeout)),
      ],
      capabilities: ["CAP_SYS_ADMIN", "CAP_DAC_OVERRIDE"],
      // the bind and the container's root are shared, so that the mount appears on the machine
      binds: ["/dev:/dev", `${root}:${root}:rshared,rbind`],
      devices: [{ path: "all", type: "b" }],
      rootfsPropagation: "shared",
      runtime: { mkdir: [path] },
    },
  );
}
