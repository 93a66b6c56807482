import { type Digest, digestOf } from "../core/digest.ts";
import { canonicalJson } from "../core/json.ts";
import type { Pcrs } from "../disk/pcrs.ts";

/** A file that a build wrote. */
export interface ArtifactFile {
  /** What it is, whatever it is called: `kernel`, `initrd`, `cmdline`, `base-initrd` and `root` where the root is a file of its own, or `image` for a format of one file. */
  readonly role: string;
  /** Its name in the output folder. */
  readonly name: string;
  readonly path: string;
  readonly size: number;
  /** 64 hexadecimal digits. */
  readonly sha256: string;
  /** For `aws` and `vhd`: which blocks of 512 KiB hold anything, and what, as `encodeBlockList` writes it. */
  readonly blocks?: string;
}

/** A part of the root filesystem, as it went into the initrd. */
export interface ArtifactSegment {
  readonly name: string;
  /** Compressed bytes. */
  readonly size: number;
  /** Whether an earlier build had made it. */
  readonly cached: boolean;
}

/** What a build made. */
export interface Artifact {
  readonly files: readonly ArtifactFile[];
  /** What the bytes of the files are, whatever the files are called. */
  readonly digest: Digest;
  /** Empty for formats that hold no initrd. */
  readonly segments: readonly ArtifactSegment[];
  /** MiB of memory that booting takes where the root is an initramfs, about; what services use comes on top. @default no format holds an initrd */
  readonly memoryMiB?: number | undefined;
  /**
   * What the TPM of a machine will say that started it, for formats of one EFI program; with Secure Boot on where that
   * is signed, off where it is not.
   */
  readonly pcrs?: Pcrs;
}

/** What an artifact's bytes are, whatever its files are called: a single file's own sha256, else that of the list. */
export function artifactDigest(files: readonly Pick<ArtifactFile, "role" | "size" | "sha256">[]): Digest {
  const [only] = files;
  if (files.length === 1 && only) return `sha256:${only.sha256}`;
  return digestOf(canonicalJson(files.map(({ role, size, sha256 }) => ({ role, size, sha256 }))));
}
