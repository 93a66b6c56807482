import { z } from "zod";
import { imageSource } from "./container.ts";
import { diskDevice, diskLabel, diskSerial, ownerNumber } from "./disk.ts";
import { throwFailures } from "../core/failure.ts";
import { failuresOf } from "./failures-of.ts";
import { containerName, fields, seconds } from "./fields.ts";
import { frozenCopy, type Inputs } from "./inputs.ts";

export const volumeName = z.string().regex(/^[a-z0-9_-]+$/, "lower-case letters, digits, _ and -");

/** The disk of a persistent volume. */
export const persistentSchema = fields({
  /** Label of its ext4 filesystem, by which later boots find it: at most 16 letters, digits, `.`, `_` and `-`. @default the volume's name */
  label: diskLabel.optional(),
  /** Which disk to format at first boot, by its serial, or by its name in a cloud's metadata; or */
  serial: diskSerial.optional(),
  /** which disk or partition, by its device. @default the only disk that is empty */
  device: diskDevice.optional(),
  /** Owner of the new filesystem's root. @default 0 */
  uid: ownerNumber.optional(),
  /** @default 0 */
  gid: ownerNumber.optional(),
  /**
   * The onboot task after which it is looked for, such as `debian.metadata()`'s, which learns the serials that a cloud
   * gives. No task up to that one can use the volume. @default none: before the first
   */
  after: containerName.optional(),
  /** Seconds to wait for the disk. @default 30; with `after` 300, since a cloud attaches disks to a machine that runs */
  timeout: seconds.optional(),
}).refine(({ serial, device }) => serial === undefined || device === undefined, { path: ["serial"], message: "one of serial and device" });

export const volumeSchema = fields({
  /** Its initial content. @default empty */
  image: imageSource.optional(),
  /** Binds must have the option `ro`, and nothing can write to it. @default false */
  readonly: z.boolean().optional(),
  /** `filesystem`: the image's tree. `oci`: the image itself, as an OCI layout. @default "filesystem" */
  format: z.enum(["filesystem", "oci"]).optional(),
  /** With `format: "oci"`, the platforms to take: `linux/arm64`. @default that of the build */
  platforms: z.array(z.string().regex(/^[a-z0-9]+\/[a-z0-9]+(\/[a-z0-9.]+)?$/, 'a platform as "linux/arm64" or "linux/arm/v7"')).optional(),
  /**
   * A disk of its own that outlives the machine: an empty one is partitioned and formatted at first boot, later boots
   * find it by its label, and grow it when the disk grew. It is mounted at `/mnt/NAME`, before the first onboot task
   * unless `after` is set.
   * @default none: it lasts as long as the machine runs
   */
  persistent: persistentSchema.optional(),
});

/** Where the disk of a persistent volume is mounted on the machine. */
export function volumeMount(name: string): string {
  return `/mnt/${name}`;
}

/** Arguments of {@link Volume}. */
export type VolumeArgs = Inputs<z.input<typeof volumeSchema>>;

/**
 * A directory that containers share by naming it as the source of a bind. It lasts as long as the machine runs, unless
 * it is `persistent`.
 */
export class Volume {
  readonly kind = "volume";
  readonly name: string;
  /** The arguments as they were given, frozen. */
  readonly spec: VolumeArgs;

  /**
   * @param name lower-case letters, digits, `_` and `-`
   * @throws INVALID_DEFINITION
   */
  constructor(name: string, args: VolumeArgs = {}) {
    throwFailures([...failuresOf(volumeName, name, ["volumes", name]), ...failuresOf(volumeSchema, args, ["volumes", name])]);
    this.name = name;
    this.spec = frozenCopy(args);
  }
}
