import type { Entry } from "../archive/entry.ts";
import type { Arch } from "../core/arch.ts";
import type { Bytes, Memory } from "../core/bytes.ts";
import type { Overwrite } from "../core/file-output.ts";
import type { Signer } from "../disk/signer.ts";
import type { Stage1Purpose } from "../guest/stage1/files.ts";
import type { LoaderFile } from "./loaders.ts";

/** A file's content, which can be read more than once. */
export interface Content {
  /** Bytes. */
  readonly size: number;
  /** For an archive: bytes of memory that it takes once the kernel has unpacked it, where known. */
  readonly unpacked?: number;
  /** @param memory @default "own" */
  open(memory?: Memory): Bytes;
}

/** The parts of an operating system that a format is made from. */
export interface Parts {
  /**
   * What the identifiers of disks are derived from. It is another one for another OS, so that two disks can be in one machine,
   * and mostly the same in the next build, so that its upload does not send the tables again.
   */
  readonly identity: string;
  readonly arch: Arch;
  /** The kernel command line, possibly `""`. */
  readonly cmdline: string;
  readonly kernel?: Content;
  /** A cpio with microcode, from the kernel's image. */
  readonly microcode?: Content;
  /** The root filesystem as the kernel's initrd: microcode, then all segments, in order. Only for a format that needs it. */
  readonly initrd?: Content;
  /** {@link initrd} without the microcode. */
  readonly segments?: Content;
  /** {@link initrd} in pieces that change independently; joined, with or without zeroes between them, they are the initrd. */
  readonly archives?: readonly Content[];
  /** The root filesystem as paths. Only for a format that needs it. */
  readonly tree?: () => AsyncIterable<Entry> | Iterable<Entry>;
  /** The initramfs that mounts a root, without its list of roots and without a root: the first stage. Only for a format and a kernel that need it. */
  readonly stage1?: Content;
  /** Reads a file of a boot loader, one of the format's {@link FormatWriter.loaders}. */
  loader(file: LoaderFile): Uint8Array;
  /** Minimum size of a disk in MiB. @default the smallest size that holds its content */
  readonly diskMiB?: number;
  /** Signs the EFI program. @default it is not signed */
  readonly signer?: Signer;
  /** A path beside which a tool's temporary file is written. */
  readonly aside: string;
  readonly signal?: AbortSignal;
}

interface FileNames {
  /** The file's purpose: `kernel`, `initrd`, `cmdline`, `squashfs-initrd`, `base-initrd`, `root` or `image`. */
  readonly role: string;
  /** The end of its name, after the artifact's name: `-kernel`, `.tar`. */
  readonly suffix: string;
  /** Bytes, where known before it is written. */
  readonly size?: number;
  /** Whether uploads send only changed blocks of it, for which the build records a block map. @default false */
  readonly blocks?: boolean;
}

/** A file of an artifact that is to be written. Each chunk is valid until the next one is asked for. */
export type FormatFile = FileNames &
  (
    | {
        open(): Bytes;
        readonly overwrites?: false;
      }
    | {
        open(): AsyncIterable<Uint8Array | Overwrite>;
        /** Some bytes are overwritten later, so only the finished file can be hashed. */
        readonly overwrites: true;
      }
  );

/** A program of the host, its Debian package, and the format to use without it. */
export interface HostTool {
  readonly program: string;
  readonly package: string;
  readonly instead: string;
}

/** Writes an operating system in one format. */
export interface FormatWriter {
  /** The form of the root filesystem that it needs. */
  readonly needs: "initrd" | "tree";
  /** Suffixes of the files that no other format of the same build may write. `-kernel` and `-cmdline` are the same in all formats. */
  readonly suffixes: readonly string[];
  /** The architectures that have this format. @default all */
  readonly arches?: readonly Arch[];
  /** The formats to use on other architectures, for messages. */
  readonly instead?: string;
  /** Whether its files take longer to write than to fetch, so that a shared cache stores them. @default false */
  readonly costly?: boolean;
  /**
   * Whether it boots one EFI program with kernel, initrd and command line, which can be signed and measured; false for a
   * loader that boots unsigned files. @default the format does not boot by itself
   *
   * @param signed whether the program is signed
   */
  wholeProgram?(arch: Arch, signed: boolean): boolean;
  /** The loader files that it needs on an architecture. @default none */
  loaders?(arch: Arch): readonly LoaderFile[];
  /**
   * What a first stage mounts, where the root is no initramfs: a kernel without built-in drivers needs one for a root on a disk,
   * and every kernel for a packed root. @default the root is an initramfs, or no root is booted
   */
  readonly stage1?: Stage1Purpose;
  /** A host program that it needs. @default none */
  readonly tool?: HostTool;
  /** The files to write; parts that are absent or empty (no kernel, no command line) give no file. */
  files(parts: Parts): FormatFile[];
}
