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
  readonly kernel?: KernelSpec;
  /** Unpacked at the root in this order; a later one wins. */
  readonly init: readonly ImageSource[];
  readonly onboot: readonly NamedContainer[];
  readonly onshutdown: readonly NamedContainer[];
  readonly services: Readonly<Record<string, Container>>;
  /**
   * The services' names in the order in which they were written. Present only if it differs from the order of the names and
   * a service has LinuxKit's sandbox. There the order decides whose copy of a shared image is used and which numbers users get.
   */
  readonly serviceOrder?: readonly string[];
  readonly volumes: Readonly<Record<string, VolumeSpec>>;
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
  readonly image: ImageSource;
  readonly cmdline: string;
  readonly binary: string;
  /** `none` or `""` is no tar. */
  readonly tar: string;
  readonly ucode: string;
}

/** A container of a list, where the name is a member. */
export type NamedContainer = Container & { readonly name: string };

/** A volume, with every default filled in. */
export interface VolumeSpec {
  readonly image?: ImageSource;
  readonly readonly: boolean;
  readonly format: "filesystem" | "oci";
  readonly platforms: readonly string[];
  readonly persistent?: PersistentSpec;
}

/** The disk of a persistent volume. At most one of `serial` and `device` is present; without them it is the only empty disk. */
export interface PersistentSpec {
  readonly label: string;
  readonly serial?: string;
  readonly device?: string;
  readonly uid: number;
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
  readonly directory?: boolean;
  readonly symlink?: string;
  readonly contents?: string;
  readonly source?: string;
  readonly metadata?: "yaml" | "json";
  readonly sha256?: string;
  readonly size?: number;
  readonly optional?: boolean;
  /** Octal digits. */
  readonly mode: string;
  readonly uid: number | string;
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
  readonly phase: Phase;
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
