import {
  type Definition,
  type FileSpec,
  type KernelSpec,
  type NamedContainer,
  type PersistentSpec,
  serviceNames,
  type VolumeSpec,
} from "./definition.ts";
import type { ApiSpec } from "./api.ts";
import { isDeferred } from "../core/deferred.ts";
import { environmentList } from "./environment.ts";
import { frozenCopy } from "./inputs.ts";
import type { Hardening } from "../hardening/profile.ts";
import type { Container } from "./container.ts";
import type { ImageSource } from "./debian-image.ts";

/** A volume; members with a default are optional. */
type VolumeDraft = Omit<Partial<VolumeSpec>, "persistent"> & { readonly persistent?: Partial<PersistentSpec> };

/** A definition; members with a default are optional. */
export interface Draft {
  readonly kernel?: Partial<KernelSpec>;
  readonly init?: readonly ImageSource[];
  readonly onboot?: readonly NamedContainer[];
  readonly onshutdown?: readonly NamedContainer[];
  readonly services?: Readonly<Record<string, Container>>;
  readonly serviceOrder?: readonly string[];
  readonly volumes?: Readonly<Record<string, VolumeDraft>>;
  readonly files?: readonly (Partial<FileSpec> & { readonly path: string })[];
  readonly healthPort?: number;
  readonly api?: ApiSpec;
  readonly harden?: Partial<Hardening>;
}

/** Fills in every default of a definition and freezes it. Unknown values stay unchanged, even a whole section. */
export function normalise(draft: Draft): Definition {
  const { kernel, init = [], onboot = [], onshutdown = [], services = {}, volumes = {}, files = [], healthPort, api, harden } = draft;
  return frozenCopy({
    ...(isDeferred(kernel) ? { kernel } : kernel?.image !== undefined && { kernel: normaliseKernel(kernel) }),
    init,
    onboot: isDeferred(onboot) ? onboot : onboot.map(withEnvironment),
    onshutdown: isDeferred(onshutdown) ? onshutdown : onshutdown.map(withEnvironment),
    ...(isDeferred(services) ? { services } : normaliseServices(services, draft.serviceOrder)),
    volumes: isDeferred(volumes)
      ? volumes
      : Object.fromEntries(Object.entries(volumes).map(([name, volume]) => [name, normaliseVolume(name, volume)])),
    files: isDeferred(files) ? files : files.map(normaliseFile),
    ...(healthPort !== undefined && { healthPort }),
    ...(api !== undefined && { api }),
    ...(harden !== undefined && {
      harden: isDeferred(harden) ? harden : { profile: harden.profile ?? "default", waive: harden.waive ?? {} },
    }),
  } as Definition);
}

function normaliseKernel({ image, cmdline = "", binary = "kernel", tar = "kernel.tar", ucode = "" }: Partial<KernelSpec>): KernelSpec {
  return { image: image as ImageSource, cmdline, binary, tar, ucode };
}

function normaliseServices(
  services: Readonly<Record<string, Container>>,
  serviceOrder: readonly string[] | undefined,
): Pick<Definition, "services" | "serviceOrder"> {
  const order = serviceNames({ services, ...(serviceOrder && { serviceOrder }) });
  const sorted = order.toSorted((a, b) => (a < b ? -1 : 1));
  const kept = orderCounts(services) && order.some((name, index) => name !== sorted[index]);
  return {
    services: Object.fromEntries((kept ? order : sorted).map((name) => [name, withEnvironment(services[name] as Container)])),
    ...(kept && { serviceOrder: order }),
  };
}

/** A container with its environment as a list. */
function withEnvironment<T extends Container>(container: T): T {
  if (isDeferred(container) || container.env === undefined) return container;
  return { ...container, env: environmentList(container.env) };
}

function normaliseVolume(name: string, volume: VolumeDraft): VolumeSpec {
  if (isDeferred(volume)) return volume as VolumeSpec;
  const { image, readonly = false, format = "filesystem", platforms = [], persistent } = volume;
  return {
    ...(image !== undefined && { image }),
    readonly,
    format,
    platforms,
    ...(persistent && { persistent: normalisePersistent(name, persistent) }),
  };
}

function normalisePersistent(name: string, persistent: Partial<PersistentSpec>): PersistentSpec {
  return isDeferred(persistent)
    ? (persistent as PersistentSpec)
    : { label: name, uid: 0, gid: 0, timeout: persistent.after === undefined ? 30 : 300, ...persistent };
}

function normaliseFile(file: Partial<FileSpec> & { readonly path: string }): FileSpec {
  if (isDeferred(file)) return file as FileSpec;
  const { directory, optional, mode, uid = 0, gid = 0, ...rest } = file;
  return {
    ...rest,
    ...(directory !== undefined && directory !== false && { directory }),
    ...(optional !== undefined && optional !== false && { optional }),
    // the default depends on `directory`, which may still be unknown
    ...(mode !== undefined ? { mode } : !isDeferred(directory) && { mode: directory ? "0700" : "0600" }),
    uid,
    gid,
  } as FileSpec;
}

/** Whether some service has LinuxKit's sandbox, or may have it: then the order of the services affects the tree. */
function orderCounts(services: Readonly<Record<string, Container>>): boolean {
  return Object.values(services).some((service) => service.sandbox === "linuxkit" || isDeferred(service.sandbox));
}

/** Whether some value in it is an Output, a promise or a mark for what is not known yet; says where. */
export function deferredIn(value: unknown, steps: readonly (string | number)[] = []): readonly (string | number)[] | undefined {
  if (isDeferred(value)) return steps;
  if (typeof value !== "object" || value === null) return undefined;
  for (const [name, member] of Object.entries(value)) {
    const found = deferredIn(member, [...steps, Array.isArray(value) ? Number(name) : name]);
    if (found) return found;
  }
  return undefined;
}
