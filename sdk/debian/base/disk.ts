import { z } from "zod";
import { LinuxKitError } from "../../core/errors.ts";
import type { DebianImage } from "../../definition/debian-image.ts";
import { fields, seconds, word } from "../../definition/fields.ts";
import { diskDevice, diskLabel, diskSerial, ownerNumber } from "../../definition/disk.ts";
import { checked, debianImage } from "./arguments.ts";
import { EXTEND_SCRIPT, FORMAT_SCRIPT } from "./disk-scripts.ts";
import { BUSYBOX_SHELL } from "./init.ts";
import { MOUNT_SCRIPT, mountPath } from "./mount.ts";

const formatSchema = fields({
  /** The filesystem's label: at most 16 letters, digits, `.`, `_` and `-`. */
  label: diskLabel,
  /** The disk's serial, or the name for which `debian.metadata` has written a serial. Excludes `device`. @default see `device` */
  serial: diskSerial.optional(),
  /** The device of a disk or partition, such as `/dev/vdb`. Excludes `serial`. @default the only empty disk */
  device: diskDevice.optional(),
  /** Whether a disk gets a GPT with one partition; `false` puts the filesystem on the disk itself. @default true */
  partition: z.boolean().optional(),
  /** The user id that owns the new filesystem's root folder. @default 0 */
  uid: ownerNumber.optional(),
  /** The group id of the new filesystem's root folder. @default 0 */
  gid: ownerNumber.optional(),
  /** Seconds to wait for the disk. @default 30 */
  timeout: seconds.optional(),
});

const extendSchema = formatSchema.pick({ label: true, timeout: true });

const diskSchema = fields({
  ...formatSchema.shape,
  path: mountPath,
  options: z.array(word.regex(/^[^\s,]+$/, "a mount option")).optional(),
});

/** Arguments of `debian.format`. */
export type FormatArgs = z.input<typeof formatSchema>;
/** Arguments of `debian.extend`. */
export type ExtendArgs = z.input<typeof extendSchema>;
/** Arguments of `debian.disk`. */
export type DiskArgs = z.input<typeof diskSchema>;

/**
 * An onboot task that makes an ext4 filesystem with a label, if the machine has no filesystem with that label. It uses an
 * empty disk, with a GPT and one partition, or the named device. It never changes a disk or partition that contains data:
 * the task then fails, and its message names the contents. At later boots it finds the label and does nothing.
 *
 * @throws INVALID_DEFINITION
 */
export function formatDisk(args: FormatArgs): DebianImage {
  return diskImage([formatCommand("debian.format", checked("debian.format", formatSchema, args))], []);
}

/**
 * An onboot task for a disk that may have grown since the last boot. It grows the partition with the label to the end of
 * the disk, if it is the last one, and the ext4 filesystem to the end of its partition or disk. It also repairs the
 * filesystem after a power failure. Put it before `debian.mount`.
 *
 * @throws INVALID_DEFINITION
 */
export function extendDisk(args: ExtendArgs): DebianImage {
  const { label, timeout = 30 } = checked("debian.extend", extendSchema, args);
  return diskImage([extendCommand(label, timeout)], []);
}

/**
 * An onboot task that prepares a disk: `debian.format`, `debian.extend` and `debian.mount` in one. A persistent `Volume`
 * adds this task by itself.
 *
 * @throws INVALID_DEFINITION
 */
export function diskReady(args: DiskArgs): DebianImage {
  const given = checked("debian.disk", diskSchema, args);
  const { label, path, options = ["nosuid", "nodev"], timeout = 30 } = given;
  const mount = ["/usr/lib/linuxkit/mount", `LABEL=${label}`, path, "ext4", options.join(","), wholeSeconds(timeout)];
  return diskImage([formatCommand("debian.disk", given), extendCommand(label, timeout), mount], [path]);
}

function formatCommand(
  what: string,
  { label, serial, device, partition = true, uid = 0, gid = 0, timeout = 30 }: z.output<typeof formatSchema>,
): string[] {
  if (serial !== undefined && device !== undefined)
    throw new LinuxKitError("INVALID_DEFINITION", `${what}: got both serial and device, wanted one of them`, { path: "serial" });
  const wanted = serial !== undefined ? `serial:${serial}` : (device ?? "");
  return ["/usr/lib/linuxkit/format", label, wanted, partition ? "1" : "0", `${uid}:${gid}`, wholeSeconds(timeout)];
}

function extendCommand(label: string, timeout: number): string[] {
  return ["/usr/lib/linuxkit/extend", label, wholeSeconds(timeout)];
}

function wholeSeconds(timeout: number): string {
  return String(Math.ceil(timeout));
}

function diskImage(commands: readonly string[][], mounted: readonly string[]): DebianImage {
  const roots = mounted.map((path) => `/${path.split("/")[1]}`);
  const script = (name: string, contents: string) => ({ path: `usr/lib/linuxkit/${name}`, contents, mode: "0755" });
  return debianImage(
    {
      packages: ["busybox-static", "fdisk", "e2fsprogs"],
      files: [
        BUSYBOX_SHELL,
        ...["mnt", "var"].map((path) => ({ path, directory: true })),
        script("format", FORMAT_SCRIPT),
        script("extend", EXTEND_SCRIPT),
        script("mount", MOUNT_SCRIPT),
      ],
    },
    {
      // the schemas forbid characters in these words that are special to a shell
      command:
        commands.length === 1
          ? (commands[0] as string[])
          : ["/bin/sh", "-c", commands.map((words) => words.map((part) => `'${part}'`).join(" ")).join(" && ")],
      // for reading partition tables again and mounting; for growing a mounted filesystem
      capabilities: ["CAP_SYS_ADMIN", "CAP_SYS_RESOURCE", "CAP_DAC_OVERRIDE"],
      // /run/config/disks has the serials of the cloud, if any
      binds: ["/dev:/dev", "/run/config/disks:/run/config/disks:ro", ...roots.map((root) => `${root}:${root}:rshared,rbind`)],
      devices: [{ path: "all", type: "b" }],
      tmpfs: ["/tmp"],
      net: "new",
      runtime: { mkdir: ["/run/config/disks", ...mounted] },
      ...(mounted.length > 0 && { rootfsPropagation: "shared" as const }),
    },
  );
}
