import { z } from "zod";
import { imageSource } from "./container.ts";
import { failuresOf, throwFailures } from "./failure.ts";
import { fields } from "./fields.ts";
import { frozenCopy, type Inputs } from "./inputs.ts";

export const volumeName = z.string().regex(/^[a-z0-9_-]+$/, "lower-case letters, digits, _ and -");

export const volumeSchema = fields({
  /** What it holds at first. @default nothing */
  image: imageSource.optional(),
  /** Binds must say `ro`, and nothing can write to it. @default false */
  readonly: z.boolean().optional(),
  /** `filesystem`: the image's tree. `oci`: the image itself, as an OCI layout. @default "filesystem" */
  format: z.enum(["filesystem", "oci"]).optional(),
  /** With `format: "oci"`, the platforms to take: `linux/arm64`. @default that of the build */
  platforms: z.array(z.string().regex(/^[a-z0-9]+\/[a-z0-9]+(\/[a-z0-9.]+)?$/, 'a platform as "linux/arm64" or "linux/arm/v7"')).optional(),
});

/** Arguments of {@link Volume}. */
export type VolumeArgs = Inputs<z.input<typeof volumeSchema>>;

/** A directory that containers share by naming it as the source of a bind. It lasts as long as the machine runs. */
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
