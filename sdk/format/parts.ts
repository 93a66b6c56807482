import type { Entry } from "../archive/entry.ts";
import type { Arch } from "../core/arch.ts";
import type { Bytes, Memory } from "../core/bytes.ts";
import type { Overwrite } from "../core/file-output.ts";
import type { Signer } from "../disk/signer.ts";
import type { LoaderFile } from "./loaders.ts";

/** A file's content that can be read again. */
export interface Content {
  readonly size: number;
  /** Of an archive, bytes of memory that it takes once the kernel has unpacked it, where that is known. */
  readonly unpacked?: number;
  /** @param memory @default "own" */
  open(memory?: Memory): Bytes;
}

/** What a format is made from. */
export interface Parts {
  /** What the files' names begin with. */
  readonly name: string;
  readonly arch: Arch;
  /** `""` for none. */
  readonly cmdline: string;
  readonly kernel?: Content;
  /** A cpio with microcode, as the kernel's image has it. */
  readonly microcode?: Content;
  /** The root filesystem as the kernel's initrd: microcode, then all segments, in order. Only for a format that needs it. */
  readonly initrd?: Content;
  /** {@link initrd} without the microcode. */
  readonly segments?: Content;
  /** {@link initrd} in the pieces that change each for itself; end to end, padded or not, they are the initrd. */
  readonly archives?: readonly Content[];
  /** The root filesystem as paths. Only for a format that needs it. */
  readonly tree?: () => AsyncIterable<Entry> | Iterable<Entry>;
  /** The initramfs that mounts a root, but for its list of roots. Only for a format that wants it, of a kernel that does. */
  readonly stage1?: Content;
  /** A file of a boot loader, one of those that the format asks for. */
  loader(file: LoaderFile): Uint8Array;
  /** MiB that a disk has at least. @default as few as hold its content */
  readonly diskMiB?: number;
  /** Signs the EFI program. @default none does */
  readonly signer?: Signer;
  /** A path for what a tool writes in between, and the folder around it. */
  readonly aside: string;
  readonly signal?: AbortSignal;
}

interface FileNames {
  /** What it is, whatever its name: `kernel`, `initrd`, `cmdline`, `base-initrd` and `root`, `image`. */
  readonly role: string;
  /** Comes after the artifact's name: `-kernel`, `.tar`. */
  readonly suffix: string;
  /** Bytes, where they are known beforehand. */
  readonly size?: number;
  /** Whether an uploader sends only the blocks of it that changed: the build then says what they are. @default false */
  readonly blocks?: boolean;
}

/** One file of an artifact, as it will be written. Each chunk is good until the next one is asked for. */
export type FormatFile = FileNames &
  (
    | {
        open(): Bytes;
        readonly overwrites?: false;
      }
    | {
        open(): AsyncIterable<Uint8Array | Overwrite>;
        /** What is written first is not what is there at last: only the file itself can be hashed. */
        readonly overwrites: true;
      }
  );

/** One way to write an operating system. */
export interface FormatWriter {
  /** Which form of the root filesystem it takes. */
  readonly needs: "initrd" | "tree";
  /** Suffixes of the files that no other format of the same build may write. `-kernel` and `-cmdline` are the same in all. */
  readonly suffixes: readonly string[];
  /** Where it means anything. @default every architecture */
  readonly arches?: readonly Arch[];
  /** What to use on the others. */
  readonly instead?: string;
  /** Whether writing its files, all of the role `image`, takes longer than to fetch them: machines that share a cache do. @default false */
  readonly costly?: boolean;
  /**
   * Whether what starts there is one EFI program with kernel, initrd and command line in it, which can be signed and
   * measured; false for loaders that start unsigned files. @default nothing starts by itself
   *
   * @param signed whether it is, where that makes a difference
   */
  wholeProgram?(arch: Arch, signed: boolean): boolean;
  /** The loaders that it takes, on an architecture. @default none */
  loaders?(arch: Arch): readonly LoaderFile[];
  /** Whether the root lies on a disk, so that a kernel without drivers of its own needs a first stage. @default false */
  readonly rootOnDisk?: boolean;
  /** A program of the host that it needs, and the Debian package that has it. @default none */
  readonly tool?: { readonly program: string; readonly package: string };
  /** The files to write; what is absent or empty (no kernel, no command line) has none. */
  files(parts: Parts): FormatFile[];
}
