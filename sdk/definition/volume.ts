import type { Input } from "@pulumi/pulumi/output.js";
import { z } from "zod";
import { type ImageSource, imageSource } from "./debian-image.ts";
import { diskDevice, diskLabel, diskSerial, ownerNumber } from "./disk.ts";
import { throwFailures } from "../core/failure.ts";
import { failuresOf } from "./failures-of.ts";
import { containerName, fields, seconds } from "./fields.ts";
import { checkName } from "./named-arguments.ts";
import { frozenCopy, type Inputs } from "./inputs.ts";

export const volumeName = z.string().regex(/^[a-z0-9_-]+$/, "lower-case letters, digits, _ and -");

/** The disk of a persistent volume. At most one of `serial` and `device` is set; without them it is the only disk that is empty. */
export interface PersistentArgs {
  /**
   * Label of its ext4 filesystem, by which later boots find it: at most 16 letters, digits, `.`, `_` and `-`.
   * @default the volume's name
   * @example "data"
   */
  readonly label?: Input<string | undefined>;
  /** Which disk to format at first boot, by its serial, or by its name in a cloud's metadata. @default see `device` @example "data" */
  readonly serial?: Input<string | undefined>;
  /** Which disk or partition to format at first boot, by its device. @default the only disk that is empty @example "/dev/vdb" */
  readonly device?: Input<string | undefined>;
  /** Owner of the new filesystem's root. @default 0 @example 999 */
  readonly uid?: Input<number | undefined>;
  /** Group of the new filesystem's root. @default 0 @example 999 */
  readonly gid?: Input<number | undefined>;
  /**
   * The onboot task after which it is looked for, such as `debian.metadata()`'s, which learns the serials that a cloud
   * gives. No task up to that one can use the volume.
   * @default none: before the first
   * @example "metadata"
   */
  readonly after?: Input<string | undefined>;
  /** Seconds to wait for the disk. @default 30; with `after` 300, since a cloud attaches disks to a machine that runs @example 60 */
  readonly timeout?: Input<number | undefined>;
}

/** Arguments of {@link Volume}. */
export interface VolumeArgs {
  /** Its initial content. @default empty @example "registry.example.com/site:v1" */
  readonly image?: Inputs<ImageSource | undefined>;
  /** Binds must have the option `ro`, and nothing can write to it. @default false */
  readonly readonly?: Input<boolean | undefined>;
  /** `filesystem`: the image's tree. `oci`: the image itself, as an OCI layout. @default "filesystem" */
  readonly format?: Input<"filesystem" | "oci" | undefined>;
  /** With `format: "oci"`, the platforms to take. @default that of the build @example ["linux/arm64"] */
  readonly platforms?: Input<readonly Input<string>[] | undefined>;
  /**
   * A disk of its own that outlives the machine: an empty one is partitioned and formatted at first boot, later boots
   * find it by its label, and grow it when the disk grew. It is mounted at `/mnt/NAME`, before the first onboot task
   * unless `after` is set.
   * @default none: it lasts as long as the machine runs
   * @example { serial: "data", uid: 999, gid: 999 }
   */
  readonly persistent?: PersistentArgs | undefined;
}

/** The schema of {@link PersistentArgs}. */
export const persistentSchema = fields({
  label: diskLabel.optional(),
  serial: diskSerial.optional(),
  device: diskDevice.optional(),
  uid: ownerNumber.optional(),
  gid: ownerNumber.optional(),
  after: containerName.optional(),
  timeout: seconds.optional(),
}).refine(({ serial, device }) => serial === undefined || device === undefined, { path: ["serial"], message: "one of serial and device" });

/** The schema of {@link VolumeArgs}. */
export const volumeSchema = fields({
  image: imageSource.optional(),
  readonly: z.boolean().optional(),
  format: z.enum(["filesystem", "oci"]).optional(),
  platforms: z.array(z.string().regex(/^[a-z0-9]+\/[a-z0-9]+(\/[a-z0-9.]+)?$/, 'a platform as "linux/arm64" or "linux/arm/v7"')).optional(),
  persistent: persistentSchema.optional(),
});

/** Where the disk of a persistent volume is mounted on the machine. */
export function volumeMount(name: string): string {
  return `/mnt/${name}`;
}

/**
 * A directory that containers share by naming it as the source of a bind. It lasts as long as the machine runs, unless
 * it is `persistent`.
 */
export class Volume {
  /** What tells this class from the others. */
  readonly kind = "volume";
  /** Its name in the definition. */
  readonly name: string;
  /** The arguments as they were given, frozen. */
  readonly spec: VolumeArgs;

  /**
   * @param name lower-case letters, digits, `_` and `-`
   * @throws INVALID_DEFINITION
   */
  constructor(name: string, args: VolumeArgs = {}) {
    checkName("Volume", "name", name);
    throwFailures([...failuresOf(volumeName, name, ["volumes", name]), ...failuresOf(volumeSchema, args, ["volumes", name])]);
    this.name = name;
    this.spec = frozenCopy(args);
  }
}
