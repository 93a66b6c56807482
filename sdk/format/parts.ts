import type { Entry } from "../archive/entry.ts";
import type { Bytes, Memory } from "../core/bytes.ts";

/** A file's content that can be read again. */
export interface Content {
  readonly size: number;
  /** @param memory @default "own" */
  open(memory?: Memory): Bytes;
}

/** What a format is made from. */
export interface Parts {
  /** `""` for none. */
  readonly cmdline: string;
  readonly kernel?: Content;
  /** A cpio with microcode, as the kernel's image has it. */
  readonly microcode?: Content;
  /** The root filesystem as the kernel's initrd: microcode, then all segments, in order. Only for a format that needs it. */
  readonly initrd?: Content;
  /** {@link initrd} without the microcode. */
  readonly segments?: Content;
  /** The root filesystem as paths. Only for a format that needs it. */
  readonly tree?: () => AsyncIterable<Entry> | Iterable<Entry>;
}

/** One file of an artifact, as it will be written. */
export interface FormatFile {
  /** What it is, whatever its name: `kernel`, `initrd`, `cmdline`, `image`. */
  readonly role: string;
  /** Comes after the artifact's name: `-kernel`, `.tar`. */
  readonly suffix: string;
  /** Bytes, where they are known beforehand. */
  readonly size?: number;
  /** @param memory what whoever writes the file can do with; the format may have use for its own all the same. @default "own" */
  open(memory?: Memory): Bytes;
}

/** One way to write an operating system. */
export interface FormatWriter {
  /** Which form of the root filesystem it takes. */
  readonly needs: "initrd" | "tree";
  /** The files to write; what is absent or empty (no kernel, no command line) has none. */
  files(parts: Parts): FormatFile[];
}
