import type { ComponentResource, CustomResourceOptions } from "@pulumi/pulumi/resource.js";
import { LinuxKitError } from "../core/errors.ts";
import type { Image } from "../definition/image.ts";
import type { VolumeArgs } from "./args.ts";

/** What a cloud asks of the volumes of a machine. */
export interface VolumeRules {
  /** Names that the cloud accepts for a disk, and the same in words: `wanted a name of…`. */
  readonly pattern: RegExp;
  readonly wanted: string;
  /** The most characters of the machine's name, a hyphen and the volume's name, from which the disk gets its own. @default no limit */
  readonly longest?: number;
  /** The most volumes of one machine. @default no limit */
  readonly limit?: number;
  /** The cloud's name, where its metadata, not the disk's serial, tells the guest which disk is which. */
  readonly identifiedBy?: string;
}

/** What a machine with volumes is given. */
interface Owner<Args extends VolumeArgs> {
  readonly volumes?: Readonly<Record<string, Args>> | undefined;
  readonly image?: Image | undefined;
}

/**
 * Creates the volumes of a machine, each as a child of it, protected unless the program says otherwise.
 *
 * @param create creates one volume under its resource name
 * @throws INVALID_DEFINITION as {@link checkVolumes}
 */
export function makeVolumes<Args extends VolumeArgs, Volume>(
  machine: string,
  { volumes = {}, image }: Owner<Args>,
  rules: VolumeRules,
  parent: ComponentResource,
  create: (name: string, args: Args, options: CustomResourceOptions) => Volume,
): Readonly<Record<string, Volume>> {
  checkVolumes(machine, Object.keys(volumes), image, rules);
  return Object.fromEntries(
    Object.entries(volumes).map(([volume, args]) => {
      const { protect = true, retainOnDelete } = args;
      return [volume, create(`${machine}-${volume}`, args, { parent, protect, ...(retainOnDelete !== undefined && { retainOnDelete }) })];
    }),
  );
}

/** @param services where a fleet keeps data instead: `EFS, RDS or S3` @throws UNSUPPORTED for a fleet with volumes */
export function refuseVolumes(fleet: string, args: object, services: string): void {
  if (!("volumes" in args)) return;
  throw new LinuxKitError(
    "UNSUPPORTED",
    `fleet "${fleet}": volumes: a fleet cannot have volumes, because its machines are replaced and a disk stays with one machine: create a Machine for each disk, or keep data in a service such as ${services}`,
    { what: "volumes of a fleet" },
  );
}

/**
 * Compares the volumes of a machine with the persistent volumes of its operating system, where that is known.
 *
 * @throws INVALID_DEFINITION for too many volumes, a name that the cloud refuses, a disk that no volume of the image uses,
 * or one that the image looks for before the guest can identify it
 */
export function checkVolumes(
  machine: string,
  names: readonly string[],
  image: Image | undefined,
  { pattern, wanted, longest = Number.POSITIVE_INFINITY, limit = Number.POSITIVE_INFINITY, identifiedBy }: VolumeRules,
): void {
  const refuse = (path: string, message: string): never => {
    throw new LinuxKitError("INVALID_DEFINITION", `machine "${machine}": ${path}: ${message}`, { path });
  };
  if (names.length > limit) refuse("volumes", `got ${names.length}, wanted at most ${limit}`);
  for (const name of names) {
    const path = `volumes.${name}`;
    if (!pattern.test(name)) refuse(path, wanted);
    const { length } = `${machine}-${name}`;
    if (length > longest)
      refuse(path, `got ${length} characters with the machine's name, wanted at most ${longest}: the disk's name has both`);
    const persistent = Object.entries(image?.spec.volumes ?? {}).flatMap(([volume, { persistent }]) =>
      persistent ? [{ volume, ...persistent }] : [],
    );
    // a serial that is not known yet may be equal
    if (!image || persistent.some(({ serial }) => serial !== undefined && typeof serial !== "string")) continue;
    const user =
      persistent.find(({ serial }) => serial === name) ??
      refuse(path, `no volume of the image has persistent: { serial: ${JSON.stringify(name)} }`);
    if (identifiedBy !== undefined && user.after === undefined)
      refuse(
        path,
        `volume ${JSON.stringify(user.volume)} of the image has no persistent.after: set it to your debian.metadata() task, because the guest can identify ${identifiedBy} disks only after that task`,
      );
  }
}
