import { z } from "zod";
import { LinuxKitError } from "../../core/errors.ts";
import type { DebianImage } from "../../definition/debian-image.ts";
import { fields, seconds, word } from "../../definition/fields.ts";
import { diskDevice, diskLabel, diskSerial, ownerNumber } from "../../definition/disk.ts";
import { checked, debianImage } from "./arguments.ts";
import { mountPath } from "./mount.ts";

/** The schema of {@link FormatArgs}. */
export const formatSchema = fields({
  label: diskLabel,
  serial: diskSerial.optional(),
  device: diskDevice.optional(),
  partition: z.boolean().optional(),
  uid: ownerNumber.optional(),
  gid: ownerNumber.optional(),
  timeout: seconds.optional(),
});

/** The schema of {@link ExtendArgs}. */
export const extendSchema = formatSchema.pick({ label: true, timeout: true });

/** The schema of {@link DiskArgs}. */
export const diskSchema = fields({
  ...formatSchema.shape,
  path: mountPath,
  options: z.array(word.regex(/^[^\s,]+$/, "a mount option")).optional(),
});

/** Arguments of `debian.format`. */
export interface FormatArgs {
  /** The filesystem's label: at most 16 letters, digits, `.`, `_` and `-`. @example "data" */
  readonly label: string;
  /**
   * The disk's serial, or the name for which `debian.metadata` has written a serial. Excludes `device`.
   * @default see `device`
   * @example "data"
   */
  readonly serial?: string | undefined;
  /** The device of a disk or partition. Excludes `serial`. @default the only empty disk @example "/dev/vdb" */
  readonly device?: string | undefined;
  /** Whether a disk gets a GPT with one partition; `false` puts the filesystem on the disk itself. @default true */
  readonly partition?: boolean | undefined;
  /** The user id that owns the new filesystem's root folder. @default 0 @example 999 */
  readonly uid?: number | undefined;
  /** The group id of the new filesystem's root folder. @default 0 @example 999 */
  readonly gid?: number | undefined;
  /** Seconds to wait for the disk. @default 30 @example 60 */
  readonly timeout?: number | undefined;
}
/** Arguments of `debian.extend`. */
export interface ExtendArgs {
  /** The filesystem's label, as `debian.format` gave it. @example "data" */
  readonly label: string;
  /** Seconds to wait for the disk. @default 30 @example 60 */
  readonly timeout?: number | undefined;
}
/** Arguments of `debian.disk`. */
export interface DiskArgs extends FormatArgs {
  /** The mount point on the machine, below `/var` or `/mnt`. @example "/mnt/data" */
  readonly path: string;
  /** Options of mount(8). @default ["nosuid", "nodev"] @example ["noatime"] */
  readonly options?: readonly string[] | undefined;
}

/**
 * An onboot task that makes an ext4 filesystem with a label, if the machine has no filesystem with that label. It uses an
 * empty disk, with a GPT and one partition, or the named device. It never changes a disk or partition that contains data:
 * the task then fails, and its message names the contents. At later boots it finds the label and does nothing.
 *
 * @throws INVALID_DEFINITION
 */
export function formatDisk(args: FormatArgs): DebianImage {
  return diskImage(["format", ...formatWords("debian.format", checked("debian.format", formatSchema, args))]);
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
  return diskImage(["extend", label, wholeSeconds(timeout)]);
}

/**
 * An onboot task that prepares a disk: `debian.format`, `debian.extend` and `debian.mount` in one. A persistent `Volume`
 * adds this task by itself.
 *
 * @throws INVALID_DEFINITION
 */
export function diskReady(args: DiskArgs): DebianImage {
  const given = checked("debian.disk", diskSchema, args);
  const { path, options = ["nosuid", "nodev"] } = given;
  return diskImage(["disk", ...formatWords("debian.disk", given), path, options.join(",")], path);
}

function formatWords(
  what: string,
  { label, serial, device, partition = true, uid = 0, gid = 0, timeout = 30 }: z.output<typeof formatSchema>,
): string[] {
  if (serial !== undefined && device !== undefined)
    throw new LinuxKitError("INVALID_DEFINITION", `${what}: got both serial and device, wanted one of them`, { path: "serial" });
  const wanted = serial !== undefined ? `serial:${serial}` : (device ?? "");
  return [label, wanted, partition ? "1" : "0", `${uid}:${gid}`, wholeSeconds(timeout)];
}

function wholeSeconds(timeout: number): string {
  return String(Math.ceil(timeout));
}

function diskImage(words: readonly string[], mounted?: string): DebianImage {
  const roots = mounted === undefined ? [] : [`/${mounted.split("/")[1]}`];
  return debianImage(
    {
      program: "linuxkitd",
      packages: ["fdisk", "e2fsprogs"],
      files: ["mnt", "var"].map((path) => ({ path, directory: true })),
    },
    {
      command: ["/usr/bin/linuxkitd", ...words],
      // to reread partition tables and to mount; to grow a filesystem that is mounted
      capabilities: ["CAP_SYS_ADMIN", "CAP_SYS_RESOURCE", "CAP_DAC_OVERRIDE"],
      // /run/config/disks has the serials of the cloud, if any
      binds: ["/dev:/dev", "/run/config/disks:/run/config/disks:ro", ...roots.map((root) => `${root}:${root}:rshared,rbind`)],
      devices: [{ path: "all", type: "b" }],
      tmpfs: ["/tmp"],
      net: "new",
      runtime: { mkdir: ["/run/config/disks", ...(mounted === undefined ? [] : [mounted])] },
      ...(mounted !== undefined && { rootfsPropagation: "shared" as const }),
    },
  );
}
