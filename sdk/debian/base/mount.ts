import { z } from "zod";
import { LinuxKitError } from "../../core/errors.ts";
import type { DebianImage } from "../../definition/debian-image.ts";
import { fields, seconds, treePath, word } from "../../definition/fields.ts";
import { checked, debianImage } from "./arguments.ts";
import { BUSYBOX_SHELL } from "./init.ts";

/** A path of the machine at which a filesystem may be mounted. */
export const mountPath = treePath.regex(/^\/(var|mnt)(\/[A-Za-z0-9._-]+)*$/, "a path under /var or /mnt");

const schema = fields({
  /** The filesystem's label. Set either `label` or `device`. */
  label: word.regex(/^[^"\\$`\n]{1,64}$/, "a filesystem label").optional(),
  /** The filesystem's device, such as `/dev/vdb1`. */
  device: word.regex(/^\/dev\/[A-Za-z0-9/_-]+$/, "a device such as /dev/vdb1").optional(),
  /** The mount point on the machine, below `/var` or `/mnt`. @default "/var" */
  path: mountPath.optional(),
  /** The filesystem's type. @default "ext4" */
  type: word.regex(/^[a-z0-9]+$/, "a filesystem type such as ext4").optional(),
  /** Options of mount(8). @default none */
  options: z.array(word.regex(/^[^\s,]+$/, "a mount option")).optional(),
  /** Seconds to wait for the device. @default 30 */
  timeout: seconds.optional(),
});

/** Arguments of `debian.mount`. */
export type MountArgs = z.input<typeof schema>;

/**
 * An onboot task that mounts a filesystem on the machine, by its label or device. It fails if the device does not appear
 * in time or cannot be mounted. Containers use the filesystem with a bind.
 *
 * @throws INVALID_DEFINITION
 */
export function mount(args: MountArgs): DebianImage {
  const { label, device, path = "/var", type = "ext4", options = [], timeout = 30 } = checked("debian.mount", schema, args);
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
      packages: ["busybox-static"],
      files: [
        BUSYBOX_SHELL,
        { path: root.slice(1), directory: true },
        { path: "usr/lib/linuxkit/mount", contents: MOUNT_SCRIPT, mode: "0755" },
      ],
    },
    {
      command: [
        "/usr/lib/linuxkit/mount",
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

/** `mount WHAT PATH TYPE OPTIONS SECONDS`; WHAT is a device or `LABEL=…`. */
export const MOUNT_SCRIPT = `#!/bin/sh
what=$1 path=$2 type=$3 options=$4 left=$5
while :; do
  case "$what" in
  LABEL=*) device=$(findfs "$what" 2>/dev/null) ;;
  *) device=$what ;;
  esac
  if [ -b "$device" ]; then break; fi
  left=$((left - 1))
  if [ "$left" -lt 0 ]; then
    echo "mount: no $what; there are: $(cut -c 14- /proc/partitions | tr '\\n' ' ')" >&2
    exit 1
  fi
  sleep 1
done
mkdir -p "$path" && mount -t "$type" \${options:+-o "$options"} "$device" "$path" || exit 1
echo "mount: $device is at $path"
`;
