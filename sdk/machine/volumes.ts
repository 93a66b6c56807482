import { LinuxKitError } from "../core/errors.ts";
import type { Image } from "../definition/image.ts";

/** What a cloud asks of the volumes of a machine. */
export interface VolumeRules {
  /** How a disk may be called there, and that in words: `wanted a name of…`. */
  readonly pattern: RegExp;
  readonly wanted: string;
  /** How many there may be. @default as many as one likes */
  readonly limit?: number;
  /** The task that tells the guest which disk is which, where the disks' own serials do not: a volume has to be looked for behind it. */
  readonly toldBy?: string;
}

/**
 * Compares the volumes of a machine with the persistent volumes of its operating system, where that is known.
 *
 * @throws INVALID_DEFINITION for a name that cannot be, and for a disk that nothing in the image asks for
 */
export function checkVolumes(
  machine: string,
  names: readonly string[],
  image: Image | undefined,
  { pattern, wanted, limit = Number.POSITIVE_INFINITY, toldBy }: VolumeRules,
): void {
  const refuse = (path: string, message: string): never => {
    throw new LinuxKitError("INVALID_DEFINITION", `machine "${machine}": ${path}: ${message}`, { path });
  };
  if (names.length > limit) refuse("volumes", `got ${names.length}, wanted at most ${limit}`);
  for (const name of names) {
    const path = `volumes.${name}`;
    if (!pattern.test(name)) refuse(path, wanted);
    const persistent = Object.entries(image?.spec.volumes ?? {}).flatMap(([volume, { persistent }]) =>
      persistent ? [{ volume, ...persistent }] : [],
    );
    // a serial that is not known yet may be this one
    if (!image || persistent.some(({ serial }) => serial !== undefined && typeof serial !== "string")) continue;
    const user =
      persistent.find(({ serial }) => serial === name) ??
      refuse(path, `no volume of the image has persistent: { serial: ${JSON.stringify(name)} }`);
    if (toldBy !== undefined && user.after === undefined)
      refuse(
        path,
        `volume ${JSON.stringify(user.volume)} of the image is looked for before anything has asked ${toldBy} which disk it is: wanted "after" with the task of debian.metadata()`,
      );
  }
}
