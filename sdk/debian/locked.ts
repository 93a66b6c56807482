import type { Digest } from "../core/digest.ts";

/**
 * What of a package's files an image holds: `all`; `slim`, all but what only people, translations and maintainer
 * scripts want; of a library's package the files of these sonames; of a kernel's package what booting needs.
 */
export type Keep = "all" | "slim" | "kernel" | { readonly sonames: readonly string[] };

/** A package pinned to its bytes. */
export interface LockedDeb {
  readonly name: string;
  readonly version: string;
  /** Debian's own: `amd64`, `arm64`, `s390x` or `all`. */
  readonly architecture: string;
  /** Path of the .deb under the archive's base URL. */
  readonly filename: string;
  /** Bytes of the .deb. */
  readonly size: number;
  /** Of the .deb, 64 hexadecimal digits. */
  readonly sha256: string;
  /** Which archive held it when it was locked. */
  readonly archive: "debian" | "security";
  readonly keep: Keep;
}

/** The packages of one image, sorted by name. */
export interface LockedDebian {
  readonly packages: readonly LockedDeb[];
}

/** The name of a locked package's bytes in the blob store. */
export function debDigest({ sha256 }: Pick<LockedDeb, "sha256">): Digest {
  return `sha256:${sha256}`;
}
