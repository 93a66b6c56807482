import type { Arch } from "../core/arch.ts";
import type { Digest } from "../core/digest.ts";
import { isLinuxKitError, LinuxKitError, throwIfCancelled } from "../core/errors.ts";
import type { DebianImage } from "../definition/debian-image.ts";
import type { Definition } from "../definition/definition.ts";
import { withPrivateNetwork } from "../debian/private-network.ts";
import { withVolumeTasks } from "../debian/volume-tasks.ts";
import type { LockedDeb, LockedDebian } from "../debian/locked.ts";
import type { ImageConfig } from "../oci/image-config.ts";
import { debianImageConfig } from "../runtime/bundle.ts";
import { layoutsOf, sourceKey, sourcesOf } from "./image-source.ts";
import type { Lock } from "./lock.ts";

/** An image whose bytes are settled: what it says of a container, and where its tree comes from. */
export type ResolvedImage =
  | { readonly config: ImageConfig; readonly debian: DebianImage["debian"]; readonly packages: readonly LockedDeb[] }
  | { readonly config: ImageConfig; readonly manifest: Digest; readonly layers: readonly ResolvedLayer[] };

/** One layer of an OCI image, lowest first. */
export interface ResolvedLayer {
  readonly digest: Digest;
  readonly size: number;
  readonly mediaType: string;
}

/** An image that stays as it is, with all that it names for the platforms asked for. */
export interface ResolvedLayout {
  /** Its full reference. */
  readonly reference: string;
  /** The manifest or index that the reference means. */
  readonly root: ResolvedLayer;
  /** The root and what lies below it. */
  readonly blobs: readonly { readonly digest: Digest; readonly size: number }[];
}

/** A definition in which every image is settled. */
export interface Resolved {
  /** With the tasks of its persistent volumes, and what private networks need. */
  readonly definition: Definition;
  readonly arch: Arch;
  /** By place in the definition: `services.web.image`. */
  readonly images: ReadonlyMap<string, ResolvedImage>;
  /** Images of volumes with the format `oci`, by place. */
  readonly layouts: ReadonlyMap<string, ResolvedLayout>;
  /** What was settled, for the next time. */
  readonly lock: Lock;
}

/** An image as it was found. */
export interface FoundImage {
  readonly config: ImageConfig;
  readonly manifest: Digest;
  readonly layers: readonly ResolvedLayer[];
  /** What its builder attested of its software; undefined where that is not seen, as of an image by its own digest. */
  readonly sboms?: readonly { readonly digest: Digest; readonly size: number }[] | undefined;
  /** What was signed, where a signature was asked for. */
  readonly signed?: Digest | undefined;
}

/** What the lock says of an image. */
export interface Pinned {
  readonly manifest: Digest;
  /** The index that was signed instead of it. */
  readonly signed?: Digest | undefined;
}

/** The outside world, as far as resolving asks it. */
export interface ResolveSources {
  /** Chooses and pins the packages of an image; called only for what the lock does not hold. */
  lockDebian(image: DebianImage, location: string): Promise<LockedDebian>;
  /** Finds an image by its reference, or by `pinned` when the lock holds it; it is signed, where that is asked for. */
  findImage(reference: string, pinned: Pinned | undefined, location: string): Promise<FoundImage>;
  /** Finds an image to keep as it is. */
  findLayout(reference: string, pinned: Digest | undefined, platforms: readonly string[], location: string): Promise<ResolvedLayout>;
}

export interface ResolveOptions {
  readonly arch: Arch;
  readonly sources: ResolveSources;
  /** From the last build; entries for another architecture are not used. */
  readonly lock?: Lock | undefined;
  /** `always` asks anew for what the lock holds. @default "locked" */
  readonly update?: "locked" | "always" | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Settles every image of a definition, each source once. What the lock holds stays as it is; the lock that comes back
 * has exactly the sources of this definition.
 */
export async function resolve(given: Definition, options: ResolveOptions): Promise<Resolved> {
  const definition = withPrivateNetwork(withVolumeTasks(given));
  const { arch, sources, update = "locked" } = options;
  const lock = update === "locked" && options.lock?.arch === arch ? options.lock : undefined;
  const debian: Record<string, LockedDebian> = {};
  const references: Record<string, Digest> = {};
  const tags: Record<string, Digest> = {};
  const signed: Record<string, Digest> = {};
  const sboms: Record<string, NonNullable<FoundImage["sboms"]>> = {};
  const images = new Map<string, ResolvedImage>();
  const layouts = new Map<string, ResolvedLayout>();

  for (const { location, source } of sourcesOf(definition)) {
    throwIfCancelled(options.signal, "resolving");
    const key = sourceKey(source);
    if (typeof source === "string") {
      const pin = references[key] ?? lock?.images[key];
      const found = await at(
        location,
        sources.findImage(source, pin && { manifest: pin, signed: signed[key] ?? lock?.signed?.[key] }, location),
      );
      const { config, manifest, layers, sboms: attested = lock?.sboms?.[key] ?? [] } = found;
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
        `${location}: an image made from Debian packages is none that could be kept as it is, wanted an image reference`,
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

// what is wrong with an image is said of the place that names it
async function at<T>(location: string, found: Promise<T>): Promise<T> {
  try {
    return await found;
  } catch (error) {
    if (!isLinuxKitError(error) || error.code === "CANCELLED" || error.message.startsWith(location)) throw error;
    throw new LinuxKitError(error.code, `${location}: ${error.message}`, error.detail, { cause: error });
  }
}

// a kernel among the services, or nginx for a kernel, is a mistake that would only show at boot
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
