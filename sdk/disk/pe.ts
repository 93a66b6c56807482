import { LinuxKitError } from "../core/errors.ts";

/** Machine types of the PE format by architecture. */
export const PE_MACHINE = { amd64: 0x8664, arm64: 0xaa64 } as const;

/** Bytes at the start of a loader or kernel that hold all its headers. */
export const PE_HEAD_BYTES = 4096;

/** The headers of a PE32+ image, with the offsets needed to change them (Microsoft PE Format). */
export interface PeHeaders {
  readonly machine: number;
  readonly sections: readonly PeSection[];
  readonly sectionAlignment: number;
  readonly fileAlignment: number;
  /** Bytes of all headers in the file. */
  readonly sizeOfHeaders: number;
  /** Offsets of the COFF header, the optional header and the table of sections. */
  readonly coffAt: number;
  readonly optionalAt: number;
  readonly sectionsAt: number;
  /** Offset and size of the signatures in the file; both 0 without signatures. */
  readonly certificates: { readonly offset: number; readonly size: number };
}

/** A section: `virtual*` in memory, `raw*` in the file. */
export interface PeSection {
  readonly name: string;
  readonly virtualSize: number;
  readonly virtualAddress: number;
  readonly rawSize: number;
  readonly rawOffset: number;
}

/**
 * Parses the headers of a PE32+ image from its first {@link PE_HEAD_BYTES} bytes.
 *
 * @param path names the image in messages
 * @throws CORRUPT when it is not a PE32+ image
 */
export function parsePe(head: Uint8Array, path: string): PeHeaders {
  const bytes = Buffer.from(head.buffer, head.byteOffset, head.byteLength);
  const corrupt = (why: string): never => {
    throw new LinuxKitError("CORRUPT", `${path}: not an EFI program: ${why}`, { path });
  };
  if (bytes.length < 64 || bytes.toString("latin1", 0, 2) !== "MZ") corrupt("it does not begin with MZ");
  const peAt = bytes.readUInt32LE(0x3c);
  if (peAt + 24 > bytes.length || bytes.readUInt32LE(peAt) !== 0x4550) corrupt("it has no PE header");
  const coffAt = peAt + 4;
  const optionalAt = coffAt + 20;
  const sectionsAt = optionalAt + bytes.readUInt16LE(coffAt + 16);
  const count = bytes.readUInt16LE(coffAt + 2);
  if (sectionsAt + 40 * count > bytes.length || sectionsAt < optionalAt + 152) corrupt("its headers are cut short");
  if (bytes.readUInt16LE(optionalAt) !== 0x20b) corrupt("it is not PE32+");
  const sections = Array.from({ length: count }, (_, index): PeSection => {
    const at = sectionsAt + 40 * index;
    return {
      name: bytes.toString("latin1", at, at + 8).replace(/\0.*$/s, ""),
      virtualSize: bytes.readUInt32LE(at + 8),
      virtualAddress: bytes.readUInt32LE(at + 12),
      rawSize: bytes.readUInt32LE(at + 16),
      rawOffset: bytes.readUInt32LE(at + 20),
    };
  });
  const hasCertificates = bytes.readUInt32LE(optionalAt + 108) > 4;
  return {
    machine: bytes.readUInt16LE(coffAt),
    sections,
    sectionAlignment: bytes.readUInt32LE(optionalAt + 32),
    fileAlignment: bytes.readUInt32LE(optionalAt + 36),
    sizeOfHeaders: bytes.readUInt32LE(optionalAt + 60),
    coffAt,
    optionalAt,
    sectionsAt,
    certificates: hasCertificates
      ? { offset: bytes.readUInt32LE(optionalAt + 144), size: bytes.readUInt32LE(optionalAt + 148) }
      : { offset: 0, size: 0 },
  };
}

/** A section to add to an image. */
export interface NewSection {
  /** At most 8 characters. */
  readonly name: string;
  /** Bytes. */
  readonly size: number;
  /** Its content begins in the file at a multiple of this many bytes. @default the image's own file alignment */
  readonly align?: number;
}

/** An image with added sections: its new headers, the old content after them, and the position of each new section. */
export interface ExtendedPe {
  readonly headers: Buffer;
  /** The old sections' content; it follows the headers. */
  readonly content: Uint8Array;
  /** The added sections in their order, which is that of the file, without gaps between them. */
  readonly added: readonly PeSection[];
  /** Bytes of the whole file. */
  readonly size: number;
}

/** Firmware maps memory in pages, and a kernel is aligned to one. */
const PAGE = 4096;
const READ_ONLY_DATA = 0x40000040;

/**
 * Adds read-only data sections after those of an image. Symbols and signatures after its last section are dropped.
 * Sections follow each other without gaps, which Authenticode does not hash: a section is aligned by padding the one
 * before it.
 *
 * @throws CORRUPT when `image` is not a PE32+ image, UNSUPPORTED when its headers have no room, TOO_LARGE above 4 GiB
 */
export function extendPe(image: Uint8Array, path: string, sections: readonly NewSection[]): ExtendedPe {
  const pe = parsePe(image, path);
  const room = Math.floor((pe.sizeOfHeaders - pe.sectionsAt) / 40) - pe.sections.length;
  if (room < sections.length)
    throw new LinuxKitError("UNSUPPORTED", `${path}: its headers have room for ${room} more sections, wanted ${sections.length}`, {
      what: "sections",
    });
  const last = pe.sections.reduce((end, section) => Math.max(end, section.rawOffset + section.rawSize), pe.sizeOfHeaders);
  if (last > image.length || pe.sections.some(({ name }) => name.startsWith("/"))) {
    throw new LinuxKitError("CORRUPT", `${path}: its sections are truncated, or use long names (string table)`, { path });
  }
  const up = (value: number, to: number) => Math.ceil(value / to) * to;
  let memory = pe.sections.reduce((end, section) => Math.max(end, section.virtualAddress + section.virtualSize), 0);
  let file = up(last, pe.fileAlignment);
  const content = Buffer.concat([image.subarray(pe.sizeOfHeaders, last)], file - pe.sizeOfHeaders);
  const added: PeSection[] = [];
  let lead = 0;
  sections.forEach(({ name, size, align }, index) => {
    const first = up(file, Math.max(align ?? 0, pe.fileAlignment));
    if (index === 0) lead = first - file;
    memory = up(memory, Math.max(pe.sectionAlignment, PAGE));
    const previous = added.at(-1);
    if (previous) added[added.length - 1] = { ...previous, rawSize: first - previous.rawOffset };
    added.push({ name, virtualSize: size, virtualAddress: memory, rawSize: up(size, pe.fileAlignment), rawOffset: first });
    memory += size;
    file = first + up(size, pe.fileAlignment);
  });
  if (lead > 0)
    throw new LinuxKitError(
      "UNSUPPORTED",
      `${path}: the first added section cannot be aligned, as no added section before it can be padded`,
      {
        what: "align",
      },
    );
  if (Math.max(file, memory) > 0xffffffff)
    throw new LinuxKitError("TOO_LARGE", `${path}: an EFI program of ${file} bytes, at most 4 GiB fit`, {
      what: path,
      limit: 0xffffffff,
      got: file,
    });

  const headers = Buffer.from(image.subarray(0, pe.sizeOfHeaders));
  headers.writeUInt16LE(pe.sections.length + added.length, pe.coffAt + 2);
  headers.fill(0, pe.coffAt + 8, pe.coffAt + 16); // symbols
  const initialised = added.reduce((sum, { rawSize }) => sum + rawSize, headers.readUInt32LE(pe.optionalAt + 8));
  headers.writeUInt32LE(initialised, pe.optionalAt + 8);
  headers.writeUInt32LE(up(memory, pe.sectionAlignment), pe.optionalAt + 56);
  headers.writeUInt32LE(0, pe.optionalAt + 64); // the checksum, which EFI does not read
  if (pe.certificates.size > 0) headers.fill(0, pe.optionalAt + 144, pe.optionalAt + 152);
  added.forEach((section, index) => {
    const at = pe.sectionsAt + 40 * (pe.sections.length + index);
    headers.fill(0, at, at + 40);
    headers.write(section.name, at, 8, "latin1");
    headers.writeUInt32LE(section.virtualSize, at + 8);
    headers.writeUInt32LE(section.virtualAddress, at + 12);
    headers.writeUInt32LE(section.rawSize, at + 16);
    headers.writeUInt32LE(section.rawOffset, at + 20);
    headers.writeUInt32LE(READ_ONLY_DATA, at + 36);
  });
  return { headers, content, added, size: file };
}
