import type { Arch } from "../core/arch.ts";
import type { Digest } from "../core/digest.ts";
import { LinuxKitError, throwIfCancelled } from "../core/errors.ts";
import type { DebianImage } from "../definition/debian-image.ts";
import type { Definition } from "../definition/definition.ts";
import type { LockedDeb, LockedDebian } from "../debian/locked.ts";
import type { ImageConfig } from "../oci/image-config.ts";
import { debianImageConfig } from "../runtime/bundle.ts";
import { sourceKey, sourcesOf } from "./image-source.ts";
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

/** A definition in which every image is settled. */
export interface Resolved {
  readonly definition: Definition;
  readonly arch: Arch;
  /** By place in the definition: `services.web.image`. */
  readonly images: ReadonlyMap<string, ResolvedImage>;
  /** What was settled, for the next time. */
  readonly lock: Lock;
}

/** The outside world, as far as resolving asks it. */
export interface Sources {
  /** Chooses and pins the packages of an image; called only for what the lock does not hold. */
  lockDebian(image: DebianImage, location: string): Promise<LockedDebian>;
  /** Finds an image by its reference, or by `pinned` when the lock holds it. */
  findImage(reference: string, pinned: Digest | undefined, location: string): Promise<{ readonly config: ImageConfig; readonly manifest: Digest; readonly layers: readonly ResolvedLayer[] }>;
}

export interface ResolveOptions {
  readonly arch: Arch;
  readonly sources: Sources;
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
export async function resolve(definition: Definition, options: ResolveOptions): Promise<Resolved> {
  const { arch, sources, update = "locked" } = options;
  const lock = update === "locked" && options.lock?.arch === arch ? options.lock : undefined;
  const debian: Record<string, LockedDebian> = {};
  const references: Record<string, Digest> = {};
  const images = new Map<string, ResolvedImage>();

  for (const { location, source } of sourcesOf(definition)) {
    throwIfCancelled(options.signal, "resolving");
    const key = sourceKey(source);
    if (typeof source === "string") {
      const found = await sources.findImage(source, references[key] ?? lock?.images[key], location);
      references[key] = found.manifest;
      images.set(location, found);
    } else {
      debian[key] ??= lock?.debian[key] ?? (await sources.lockDebian(source, location));
      images.set(location, { config: debianImageConfig(source), debian: source.debian, packages: debian[key].packages });
    }
  }
  checkRoles(definition);
  return { definition, arch, images, lock: { version: 1, arch, debian, images: references } };
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
