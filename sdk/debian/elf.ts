import { LinuxKitError } from "../core/errors.ts";

/** The fields of a program or library that the dynamic loader reads (System V ABI, gABI chapters 4 and 5). */
export interface Elf {
  /** The loader's path (`PT_INTERP`); only programs have it. */
  readonly interpreter?: string;
  readonly soname?: string;
  /** The libraries that it needs (`DT_NEEDED`), in order. */
  readonly needed: readonly string[];
  /** The folders that are searched first; they may begin with `$ORIGIN`. */
  readonly runpath: readonly string[];
}

const PT_LOAD = 1;
const PT_DYNAMIC = 2;
const PT_INTERP = 3;
const DT_NEEDED = 1;
const DT_STRTAB = 5;
const DT_SONAME = 14;
const DT_RPATH = 15;
const DT_RUNPATH = 29;

/** Whether these first bytes begin an ELF file. */
export function isElf(head: Uint8Array): boolean {
  return head[0] === 0x7f && head[1] === 0x45 && head[2] === 0x4c && head[3] === 0x46;
}

/** Whether an ELF file's numbers begin with their highest byte (`ELFDATA2MSB`), as those of s390x do. */
export function isBigEndian(file: Uint8Array): boolean {
  return file[5] === 2;
}

/** Reads 64-bit ELF of either byte order (s390x is big-endian). Undefined for a 32-bit file, which images do not run. @throws CORRUPT */
export function readElf(file: Buffer, path: string): Elf | undefined {
  return within(path, () => {
    if (file[4] !== 2) return undefined;
    const { u32, word } = reader(file);
    const segments = headers(file, 32, 54, 56).map((at) => ({
      type: u32(at),
      offset: word(at + 8),
      address: word(at + 16),
      size: word(at + 32),
    }));
    const interp = segments.find(({ type }) => type === PT_INTERP);
    const interpreter = interp && stringAt(file, interp.offset);
    const dynamic = segments.find(({ type }) => type === PT_DYNAMIC);
    const tags: [tag: number, value: number][] = [];
    for (let at = dynamic?.offset ?? 0; dynamic && at < dynamic.offset + dynamic.size; at += 16) {
      const tag = word(at);
      if (tag === 0) break;
      tags.push([tag, word(at + 8)]);
    }
    const table = tags.find(([tag]) => tag === DT_STRTAB)?.[1] ?? 0;
    // converts the table's address to an offset in the file, with the loaded segment that contains it
    const home = segments.find(({ type, address, size }) => type === PT_LOAD && table >= address && table < address + size);
    const strings = home ? table - home.address + home.offset : table;
    const texts = (wanted: number): string[] => tags.filter(([tag]) => tag === wanted).map(([, value]) => stringAt(file, strings + value));
    const [soname] = texts(DT_SONAME);
    const [path = ""] = [...texts(DT_RUNPATH), ...texts(DT_RPATH)];
    return {
      ...(interpreter !== undefined && { interpreter }),
      ...(soname !== undefined && { soname }),
      needed: texts(DT_NEEDED),
      runpath: path.split(":").filter((folder) => folder !== ""),
    };
  });
}

/** The bytes of a section by name (`.modinfo` of a kernel module), or undefined. @throws CORRUPT */
export function elfSection(file: Buffer, name: string, path: string): Buffer | undefined {
  return within(path, () => {
    if (!isElf(file) || file[4] !== 2) return undefined;
    const { u16, u32, word } = reader(file);
    const sections = headers(file, 40, 58, 60);
    const names = word((sections[u16(62)] as number) + 24);
    const found = sections.find((at) => stringAt(file, names + u32(at)) === name);
    return found === undefined ? undefined : file.subarray(word(found + 24), word(found + 24) + word(found + 32));
  });
}

// offsets of the entries of the program header table or the section header table
function headers(file: Buffer, table: number, size: number, count: number): number[] {
  const { u16, word } = reader(file);
  const start = word(table);
  return start === 0 ? [] : Array.from({ length: u16(count) }, (_, index) => start + index * u16(size));
}

function reader(file: Buffer): { u16: (at: number) => number; u32: (at: number) => number; word: (at: number) => number } {
  return isBigEndian(file)
    ? { u16: (at) => file.readUInt16BE(at), u32: (at) => file.readUInt32BE(at), word: (at) => Number(file.readBigUInt64BE(at)) }
    : { u16: (at) => file.readUInt16LE(at), u32: (at) => file.readUInt32LE(at), word: (at) => Number(file.readBigUInt64LE(at)) };
}

function stringAt(file: Buffer, offset: number): string {
  const end = file.indexOf(0, offset);
  if (offset < 0 || offset >= file.length || end < 0) throw new RangeError(`the string at offset ${offset} is outside the file`);
  return file.toString("utf8", offset, end);
}

function within<T>(path: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw new LinuxKitError("CORRUPT", `${path}: broken ELF file: ${(error as Error).message}`, { path }, { cause: error });
  }
}
