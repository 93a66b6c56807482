import type { Digest } from "../core/digest.ts";

/**
 * Which files of a package an image contains: `all`; `slim`, without documentation, translations and files for maintainer
 * scripts; `kernel`, those for booting; or the libraries with these sonames.
 */
export type Keep =
  | "all"
  | "slim"
  | "kernel"
  | {
      /** Sonames of the libraries: `libz.so.1`. */
      readonly sonames: readonly string[];
    };

/** The source package that Debian built a package from. */
export interface SourcePackage {
  /** Its name. */
  readonly name: string;
  /** Its version. */
  readonly version: string;
}

/** A package pinned to its bytes. */
export interface LockedDeb {
  /** The package's name. */
  readonly name: string;
  /** Its version. */
  readonly version: string;
  /** Debian's name of the architecture: `amd64`, `arm64`, `s390x` or `all`. */
  readonly architecture: string;
  /** Path of the .deb below the archive's base URL. */
  readonly filename: string;
  /** Bytes of the .deb. */
  readonly size: number;
  /** Sha256 of the .deb, 64 hexadecimal digits. */
  readonly sha256: string;
  /** The archive that had it when it was locked. */
  readonly archive: "debian" | "security";
  /** Which of its files the image contains. */
  readonly keep: Keep;
  /** Its source package. @default unknown, in a lock from before */
  readonly source?: SourcePackage | undefined;
  /** Its licenses as an SPDX expression, if its copyright file has them in the machine-readable format. @default unknown */
  readonly license?: string | undefined;
}

/** The packages of one image, sorted by name. */
export interface LockedDebian {
  /** The packages. */
  readonly packages: readonly LockedDeb[];
}

/** The digest of a locked package in the blob store. */
export function debDigest({ sha256 }: Pick<LockedDeb, "sha256">): Digest {
  return `sha256:${sha256}`;
}
