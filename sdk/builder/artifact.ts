import { type Digest, digestOf } from "../core/digest.ts";
import { canonicalJson } from "../core/json.ts";
import type { Pcrs } from "../disk/pcrs.ts";

/** A file that a build wrote. */
export interface ArtifactFile {
  /**
   * `kernel`, `initrd` and `cmdline`; `squashfs-initrd` for an initrd that carries its root packed; `base-initrd` and `root` if the root filesystem is a separate file; `image` for a
   * format of one file; `sbom` and `sbom-cyclonedx`.
   */
  readonly role: string;
  /** Its name in the output folder. */
  readonly name: string;
  /** Where the file is. */
  readonly path: string;
  /** Bytes. */
  readonly size: number;
  /** 64 hexadecimal digits. */
  readonly sha256: string;
  /** For `aws` and `vhd`: the 512 KiB blocks that hold data, and their digests, as `encodeBlockList` writes them. */
  readonly blocks?: string;
}

/** A part of the root filesystem, as written to the initrd. */
export interface ArtifactSegment {
  /** Its name in the plan: `init`, `services.web`. */
  readonly name: string;
  /** Compressed bytes. */
  readonly size: number;
  /** Bytes of memory that it takes once the kernel has unpacked it. @default not known, for archives that this build did not write */
  readonly unpacked?: number | undefined;
  /** Whether it came from a cache. */
  readonly cached: boolean;
}

/** What a build made. */
export interface Artifact {
  /** The files that were written. */
  readonly files: readonly ArtifactFile[];
  /** Digest of the files' contents; independent of their names. */
  readonly digest: Digest;
  /** Empty for formats that hold no initrd. */
  readonly segments: readonly ArtifactSegment[];
  /**
   * Approximate MiB of memory to boot if the root is an initramfs, without what the services use. Undefined if no format
   * has an initrd.
   */
  readonly memoryMiB?: number | undefined;
  /**
   * The predicted PCR values of a TPM after boot, for formats that consist of one EFI program. Assumes that Secure Boot
   * is on if the program is signed, and off if not.
   */
  readonly pcrs?: Pcrs;
}

/** The digest of an artifact, independent of file names: the sha256 of a single file, otherwise that of the list as canonical JSON. */
export function artifactDigest(files: readonly Pick<ArtifactFile, "role" | "size" | "sha256">[]): Digest {
  const [only] = files;
  if (files.length === 1 && only) return `sha256:${only.sha256}`;
  return digestOf(canonicalJson(files.map(({ role, size, sha256 }) => ({ role, size, sha256 }))));
}
