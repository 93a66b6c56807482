import type { Arch } from "../core/arch.ts";
import type { Digest } from "../core/digest.ts";
import { isLinuxKitError, LinuxKitError, throwIfCancelled } from "../core/errors.ts";
import type { DebianImage } from "../definition/debian-image.ts";
import { formatPath } from "../core/property-path.ts";
import { containersOf, type Definition } from "../definition/definition.ts";
import { withNeededModules } from "../debian/needed-modules.ts";
import { withVolumeTasks } from "../debian/volume-tasks.ts";
import type { LockedDeb, LockedDebian } from "../debian/locked.ts";
import type { ImageAccounts, ImageConfig } from "../oci/image-config.ts";
import { debianImageConfig } from "../runtime/bundle.ts";
import { readsAccounts } from "../runtime/process-user.ts";
import { layoutsOf, sourceKey, sourcesOf } from "./image-source.ts";
import { type Lock, type Pinned, pinnedImage, usableLock } from "./lock.ts";

/** An image with pinned bytes: its configuration, and the source of its tree. */
export type ResolvedImage =
  | { readonly config: ImageConfig; readonly debian: DebianImage["debian"]; readonly packages: readonly LockedDeb[] }
  | { readonly config: ImageConfig; readonly manifest: Digest; readonly layers: readonly ResolvedLayer[] };

/** One layer of an OCI image, lowest first. */
export interface ResolvedLayer {
  readonly digest: Digest;
  /** Compressed bytes. */
  readonly size: number;
  readonly mediaType: string;
}

/** An image that is kept as an OCI layout, with its blobs for the wanted platforms. */
export interface ResolvedLayout {
  /** Its full reference. */
  readonly reference: string;
  /** The manifest or index that the reference points to. */
  readonly root: ResolvedLayer;
  /** The root and every blob below it. */
  readonly blobs: readonly { readonly digest: Digest; readonly size: number }[];
}

/** A definition with every image pinned. */
export interface Resolved {
  /** With the onboot tasks of its persistent volumes, and the modules that its containers need. */
  readonly definition: Definition;
  readonly arch: Arch;
  /** By path in the definition: `services.web.image`. */
  readonly images: ReadonlyMap<string, ResolvedImage>;
  /** Images of volumes with the format `oci`, by path in the definition. */
  readonly layouts: ReadonlyMap<string, ResolvedLayout>;
  /** Pins the same versions in the next build. */
  readonly lock: Lock;
}

/** An image that {@link ResolveSources.findImage} found. */
export interface FoundImage {
  readonly config: ImageConfig;
  readonly manifest: Digest;
  readonly layers: readonly ResolvedLayer[];
  /** Attestations of its software; undefined if unknown, as for an image that is named by its own digest. */
  readonly sboms?: readonly { readonly digest: Digest; readonly size: number }[] | undefined;
  /** The signed digest, if a rule requires a signature. */
  readonly signed?: Digest | undefined;
}

/** Looks up packages and images: the part of resolving that needs the network. */
export interface ResolveSources {
  /** Chooses and pins the packages of an image that is not in the lock. */
  lockDebian(image: DebianImage, location: string): Promise<LockedDebian>;
  /** Finds an image by its reference, or by `pinned` from the lock. Verifies its signature if a rule requires one. */
  findImage(reference: string, pinned: Pinned | undefined, location: string): Promise<FoundImage>;
  /** Reads the users and groups of an image that was found. This fetches its layers. */
  readAccounts(reference: string, found: FoundImage): Promise<ImageAccounts>;
  /** Finds an image that is kept as an OCI layout. */
  findLayout(reference: string, pinned: Digest | undefined, platforms: readonly string[], location: string): Promise<ResolvedLayout>;
}

export interface ResolveOptions {
  readonly arch: Arch;
  readonly sources: ResolveSources;
  /** The lock of the last build; ignored if it is for another architecture. @default every version is resolved */
  readonly lock?: Lock | undefined;
  /** `always` ignores the lock. @default "locked" */
  readonly update?: "locked" | "always" | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Pins every image of a definition; resolves each source once. Keeps the versions in the lock. The returned lock has
 * exactly the sources of this definition.
 *
 * @throws INVALID_DEFINITION for an image with the wrong role, CANCELLED, and the errors of the sources
 */
export async function resolve(given: Definition, options: ResolveOptions): Promise<Resolved> {
  const definition = withNeededModules(withVolumeTasks(given));
  const { arch, sources } = options;
  const lock = usableLock(options.lock, arch, options.update);
  const debian: Record<string, LockedDebian> = {};
  const references: Record<string, Digest> = {};
  const tags: Record<string, Digest> = {};
  const signed: Record<string, Digest> = {};
  const sboms: Record<string, NonNullable<FoundImage["sboms"]>> = {};
  const images = new Map<string, ResolvedImage>();
  const layouts = new Map<string, ResolvedLayout>();
  const containers = new Map(containersOf(definition).map(({ steps, container }) => [`${formatPath(steps)}.image`, container]));

  for (const { location, source } of sourcesOf(definition)) {
    throwIfCancelled(options.signal, "resolving");
    const key = sourceKey(source);
    if (typeof source === "string") {
      const pinned = pinnedImage(key, { images: references, signed }, lock);
      const found = await at(location, sources.findImage(source, pinned, location));
      const { manifest, layers, sboms: attested = lock?.sboms?.[key] ?? [] } = found;
      const container = containers.get(location);
      const accounts =
        container && readsAccounts(container, found.config) ? await at(location, sources.readAccounts(source, found)) : undefined;
      const config: ImageConfig = { ...found.config, ...(accounts && { accounts }) };
      if (found.signed) signed[key] = found.signed;
      references[key] = manifest;
      if (attested.length > 0) sboms[key] ??= attested;
      images.set(location, { config, manifest, layers });
    } else {
      debian[key] ??= lock?.debian[key] ?? (await at(location, sources.lockDebian(source, location)));
      images.set(location, { config: debianImageConfig(source), debian: source.debian, packages: debian[key].packages });
    }
  }
  for (const { location, source, platforms } of layoutsOf(definition)) {
    if (typeof source !== "string") {
      throw new LinuxKitError(
        "INVALID_DEFINITION",
        `${location}: got an image made from Debian packages, wanted an image reference: only those can be kept with format: "oci"`,
        { path: location },
      );
    }
    const found = await at(location, sources.findLayout(source, tags[source] ?? lock?.layouts?.[source], platforms, location));
    tags[source] = found.root.digest;
    layouts.set(location, found);
  }
  checkRoles(definition);
  return {
    definition,
    arch,
    images,
    layouts,
    lock: {
      version: 1,
      arch,
      debian,
      images: references,
      ...(layouts.size > 0 && { layouts: tags }),
      ...some("sboms", sboms),
      ...some("signed", signed),
    },
  };
}

function some<K extends string, T extends object>(name: K, pins: T): { readonly [P in K]?: T } {
  return (Object.keys(pins).length > 0 ? { [name]: pins } : {}) as { readonly [P in K]?: T };
}

// puts the path in the definition before an error about its image
async function at<T>(location: string, found: Promise<T>): Promise<T> {
  try {
    return await found;
  } catch (error) {
    if (!isLinuxKitError(error) || error.code === "CANCELLED" || error.message.startsWith(location)) throw error;
    throw new LinuxKitError(error.code, `${location}: ${error.message}`, error.detail, { cause: error });
  }
}

// a kernel as a service, or nginx as a kernel, would only fail at boot
function checkRoles(definition: Definition): void {
  for (const { location, source } of sourcesOf(definition)) {
    if (typeof source === "string") continue;
    const wanted = location === "kernel.image" ? "kernel" : location.startsWith("init[") ? undefined : "packages";
    const { role } = source.debian;
    if (wanted ? role !== wanted : role === "kernel") {
      const message = `${location}: got an image with the role "${role}", wanted ${wanted === "kernel" ? "debian.kernel()" : "an image for this place"}`;
      throw new LinuxKitError("INVALID_DEFINITION", message, { path: location });
    }
  }
}
