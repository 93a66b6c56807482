import { z } from "zod";
import type { Hardening } from "../hardening/profile.ts";
import { type Container, onbootSchema, onshutdownSchema, serviceSchema } from "./container.ts";
import { imageSource, type ImageSource } from "./debian-image.ts";
import { type ApiSpec, apiSchema } from "./api.ts";
import { containerName, fields, port } from "./fields.ts";
import { fileSpecSchema } from "./file.ts";
import { hardeningSchema } from "./hardening.ts";
import { kernelSchema } from "./kernel.ts";
import { volumeName, volumeSchema } from "./volume.ts";

/** An operating system, normalised, as plain JSON: it is in the engine's inputs, and it is resolved and planned. */
export interface Definition {
  /** The kernel. @default none */
  readonly kernel?: KernelSpec;
  /** Unpacked at the root in this order; a later one wins. */
  readonly init: readonly ImageSource[];
  /** Tasks at boot, in order. */
  readonly onboot: readonly NamedContainer[];
  /** Tasks at shutdown, in order. */
  readonly onshutdown: readonly NamedContainer[];
  /** The services by name. */
  readonly services: Readonly<Record<string, Container>>;
  /**
   * The services' names in the order in which they were written. Present only if it differs from the order of the names and
   * a service has LinuxKit's sandbox. There the order decides whose copy of a shared image is used and which numbers users get.
   */
  readonly serviceOrder?: readonly string[];
  /** The volumes by name. */
  readonly volumes: Readonly<Record<string, VolumeSpec>>;
  /** Files of the OS itself; of two with the same path the last one counts. */
  readonly files: readonly FileSpec[];
  /** TCP port of the guest that answers `GET /healthz` for all services together. */
  readonly healthPort?: number;
  /** Where the machine's interface answers over TLS. */
  readonly api?: ApiSpec;
  /** The tasks that prepare the disks of persistent volumes, by the volume's name; `withVolumeTasks` adds them. */
  readonly volumeTasks?: Readonly<Record<string, Container>>;
  /** How the machine is hardened. Without it, the kernel keeps its own defaults. */
  readonly harden?: Hardening;
}

/** The kernel, with every default filled in. */
export interface KernelSpec {
  /** The image that holds the kernel. */
  readonly image: ImageSource;
  /** The kernel's command line. */
  readonly cmdline: string;
  /** Path of the kernel in the image. */
  readonly binary: string;
  /** `none` or `""` is no tar. */
  readonly tar: string;
  /** Path in the image of a cpio with microcode; `""` for no microcode. */
  readonly ucode: string;
}

/** A container of a list, where the name is a member. */
export type NamedContainer = Container & {
  /** Its name. */
  readonly name: string;
};

/** A volume, with every default filled in. */
export interface VolumeSpec {
  /** Its initial content. @default empty */
  readonly image?: ImageSource;
  /** Whether nothing can write to it. */
  readonly readonly: boolean;
  /** `filesystem`: the image's tree. `oci`: the image itself. */
  readonly format: "filesystem" | "oci";
  /** With `format: "oci"` the platforms to take; an empty list is that of the build. */
  readonly platforms: readonly string[];
  /** The disk that it lies on. @default none: it is in memory */
  readonly persistent?: PersistentSpec;
}

/** The disk of a persistent volume. At most one of `serial` and `device` is present; without them it is the only empty disk. */
export interface PersistentSpec {
  /** Label of its filesystem. */
  readonly label: string;
  /** Serial of the disk to format. @default see `device` */
  readonly serial?: string;
  /** Device to format. @default the only empty disk */
  readonly device?: string;
  /** Owner of the filesystem's root. */
  readonly uid: number;
  /** Group of the filesystem's root. */
  readonly gid: number;
  /** The onboot task after which the disk is searched for. @default before the first */
  readonly after?: string;
  /** Seconds. */
  readonly timeout: number;
}

/**
 * A file, with every default filled in. Exactly one of `directory`, `symlink`, `contents`, `source`, `metadata` and `sha256`
 * is present.
 */
export interface FileSpec {
  /** As the user wrote it; see `plainPath`. */
  readonly path: string;
  /** It is a folder. @default false */
  readonly directory?: boolean;
  /** It is a symbolic link with this target. @default none */
  readonly symlink?: string;
  /** The file's content. @default none */
  readonly contents?: string;
  /** A file on the machine that builds. @default none */
  readonly source?: string;
  /** The content is the definition, in this form. @default none */
  readonly metadata?: "yaml" | "json";
  /** The content is in the cache, under 64 hexadecimal digits. @default none */
  readonly sha256?: string;
  /** Bytes of that content. @default not known */
  readonly size?: number;
  /** Without its source no file is created. @default false */
  readonly optional?: boolean;
  /** Octal digits. */
  readonly mode: string;
  /** Owner: a number, or the name of a container. */
  readonly uid: number | string;
  /** Group: a number, or the name of a container. */
  readonly gid: number | string;
}

/** The schema of a {@link Definition} before its defaults are filled in. */
export const definitionSchema = fields({
  kernel: kernelSchema.optional(),
  init: z.array(imageSource).optional(),
  onboot: z.array(fields({ name: containerName, ...onbootSchema.shape })).optional(),
  onshutdown: z.array(fields({ name: containerName, ...onshutdownSchema.shape })).optional(),
  services: z.record(containerName, serviceSchema).optional(),
  serviceOrder: z.array(z.string()).optional(),
  volumes: z.record(volumeName, volumeSchema).optional(),
  files: z.array(fileSpecSchema).optional(),
  healthPort: port.optional(),
  api: apiSchema.optional(),
  harden: hardeningSchema.optional(),
});

/** The three kinds of container, as LinuxKit's tree and YAML call them. */
export type Phase = "onboot" | "onshutdown" | "services";

/** One container of a definition with its place. */
export interface Placed {
  /** Its kind. */
  readonly phase: Phase;
  /** Its name. */
  readonly name: string;
  /** Its position in its phase. */
  readonly index: number;
  /**
   * Its folder under `containers/<phase>`: `000-dhcp`, `web`; that of a volume's task, `00-data`, sorts before all others, or
   * as `000.data` after the task it names.
   */
  readonly directory: string;
  /** Steps of its path in the definition: `["onboot", 0]`, `["services", "web"]`. */
  readonly steps: readonly (string | number)[];
  readonly container: Container;
}

/**
 * Every container, in LinuxKit's order: onboot, onshutdown, services; then the tasks of persistent volumes, which run first or
 * after the task that they name.
 */
export function containersOf(
  definition: Pick<Definition, "onboot" | "onshutdown" | "services" | "serviceOrder" | "volumes" | "volumeTasks">,
): Placed[] {
  const listed = (phase: "onboot" | "onshutdown"): Placed[] =>
    definition[phase].map(({ name, ...container }, index) => ({
      phase,
      name,
      index,
      directory: `${String(index).padStart(3, "0")}-${name}`,
      steps: [phase, index],
      container,
    }));
  const services = serviceNames(definition).map(
    (name, index): Placed => ({
      phase: "services",
      name,
      index,
      directory: name,
      steps: ["services", name],
      container: definition.services[name] as Container,
    }),
  );
  const disks = Object.entries(definition.volumeTasks ?? {}).map(([name, container], index): Placed => {
    const after = definition.onboot.findIndex((task) => task.name === definition.volumes[name]?.persistent?.after);
    const directory = after < 0 ? `00-${name}` : `${String(after).padStart(3, "0")}.${name}`;
    return { phase: "onboot", name: `volume-${name}`, index, directory, steps: ["volumes", name, "persistent"], container };
  });
  return [...listed("onboot"), ...listed("onshutdown"), ...services, ...disks];
}

/** The services' names in the effective order: the written one if it is kept, else that of the names. */
export function serviceNames({ services, serviceOrder = [] }: Pick<Definition, "services" | "serviceOrder">): string[] {
  const kept = serviceOrder.filter((name) => Object.hasOwn(services, name));
  const rest = Object.keys(services).filter((name) => !kept.includes(name));
  return [...kept, ...rest.sort((a, b) => (a < b ? -1 : 1))];
}
