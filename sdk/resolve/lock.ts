import type { Arch } from "../core/arch.ts";
import type { Digest } from "../core/digest.ts";
import type { LockedDeb, LockedDebian } from "../debian/locked.ts";

/** An attestation of an image's software. */
export interface LockedAttestation {
  /** Of the attestation. */
  readonly digest: Digest;
  /** Bytes. */
  readonly size: number;
}

/**
 * The versions and digests that the names in a definition resolved to. It is stored in the resource's state, so the next
 * build uses the same bytes even if the mirror or the registry has newer ones.
 */
export interface Lock {
  /** The version of this format. */
  readonly version: 1;
  /** The architecture that was built for. */
  readonly arch: Arch;
  /** Package versions by the key of the image that names them. */
  readonly debian: Readonly<Record<string, LockedDebian>>;
  /** Manifest digests by image reference, as written in the definition. */
  readonly images: Readonly<Record<string, Digest>>;
  /** Signed digests of verified images, by reference: of the image's manifest, or of its index. @default none */
  readonly signed?: Readonly<Record<string, Digest>> | undefined;
  /** Attestations of the images' software, by reference: in-toto statements with SPDX. Sizes are bytes. @default none */
  readonly sboms?: Readonly<Record<string, readonly LockedAttestation[]>> | undefined;
  /** Digests of the indexes or manifests that volumes with the format `oci` hold, by reference. @default none */
  readonly layouts?: Readonly<Record<string, Digest>> | undefined;
  /** The packages that the formats' boot loaders come from, by name. They are not part of the OS. @default none */
  readonly loaders?: Readonly<Record<string, LockedDeb>> | undefined;
}

/** An image's entry in the lock. */
export interface Pinned {
  readonly manifest: Digest;
  /** The signed digest: the manifest's or its index's. */
  readonly signed?: Digest | undefined;
}

/** The entry of an image, each digest from the first of several locks that has it. */
export function pinnedImage(reference: string, ...locks: readonly (Pick<Lock, "images" | "signed"> | undefined)[]): Pinned | undefined {
  const manifest = locks.map((lock) => lock?.images[reference]).find((digest) => digest !== undefined);
  return manifest && { manifest, signed: locks.map((lock) => lock?.signed?.[reference]).find((digest) => digest !== undefined) };
}

/** The lock that a build starts from; undefined if it is for another architecture, or if `update` ignores it. */
export function usableLock(lock: Lock | undefined, arch: Arch, update: "locked" | "always" = "locked"): Lock | undefined {
  return update === "locked" && lock?.arch === arch ? lock : undefined;
}

/** The lock without the entries of some image references: the next build resolves these again. */
export function withoutImages(lock: Lock, isStale: (reference: string) => boolean): Lock {
  const kept = <T>(pins: Readonly<Record<string, T>>): Readonly<Record<string, T>> =>
    Object.fromEntries(Object.entries(pins).filter(([reference]) => !isStale(reference)));
  return {
    ...lock,
    images: kept(lock.images),
    ...(lock.layouts && { layouts: kept(lock.layouts) }),
    ...(lock.sboms && { sboms: kept(lock.sboms) }),
    ...(lock.signed && { signed: kept(lock.signed) }),
  };
}
