import type { Arch } from "../core/arch.ts";
import type { ElfImport } from "./elf-imports.ts";

interface Machine {
  /** e_machine of the architecture's ABI. */
  readonly number: number;
  readonly bigEndian: boolean;
  /** A function that returns -ENOSYS (-38), as systemd's functions return an errno that is negative. */
  readonly code: readonly number[];
}

const MACHINES: Readonly<Record<Arch, Machine>> = {
  // mov $-38,%eax; ret
  amd64: { number: 62, bigEndian: false, code: [0xb8, 0xda, 0xff, 0xff, 0xff, 0xc3] },
  // mov w0,#-38; ret
  arm64: { number: 183, bigEndian: false, code: [0xa0, 0x04, 0x80, 0x12, 0xc0, 0x03, 0x5f, 0xd6] },
  // lghi %r2,-38; br %r14
  s390x: { number: 22, bigEndian: true, code: [0xa7, 0x29, 0xff, 0xda, 0x07, 0xfe] },
};

/** The largest page of the three architectures: the two segments are never on one page. */
const PAGE = 0x10000;
const HEADERS = 64 + 4 * 56;

/**
 * A shared library with these functions, each of which says that it is not implemented (ENOSYS). It lets a program load
 * that has no use for a library, without that library and those which it needs in turn.
 *
 * Source: System V ABI, gABI chapters 4 and 5; Linux Standard Base 5.0, section 10.7 (symbol versioning); glibc's
 * elf/dl-lookup.c for the hash table.
 */
export function emptyLibrary(soname: string, functions: readonly ElfImport[], arch: Arch): Buffer {
  const { number, bigEndian, code } = MACHINES[arch];
  const versions = [...new Set(functions.map(({ version }) => version))];
  const texts = ["", soname, ...versions, ...functions.map(({ name }) => name)];
  const strings = Buffer.from(`${texts.join("\0")}\0`, "latin1");
  const offsets = new Map<string, number>();
  for (let at = 0, index = 0; index < texts.length; at += (texts[index++] as string).length + 1) offsets.set(texts[index] as string, at);
  const text = (name: string): number => offsets.get(name) as number;

  const symbolsAt = HEADERS;
  const versionsAt = symbolsAt + (functions.length + 1) * 24;
  const definitionsAt = align(versionsAt + (functions.length + 1) * 2);
  const hashAt = definitionsAt + (versions.length + 1) * 28 + ((versions.length + 1) % 2) * 4;
  const stringsAt = hashAt + 16 + 8 + 4 + functions.length * 4;
  const codeAt = align(stringsAt + strings.length);
  const dynamicAt = align(codeAt + code.length);
  const tags: readonly (readonly [tag: number, value: number])[] = [
    [14, text(soname)], // DT_SONAME
    [5, stringsAt], // DT_STRTAB
    [10, strings.length], // DT_STRSZ
    [6, symbolsAt], // DT_SYMTAB
    [11, 24], // DT_SYMENT
    [0x6ffffef5, hashAt], // DT_GNU_HASH
    [0x6ffffff0, versionsAt], // DT_VERSYM
    [0x6ffffffc, definitionsAt], // DT_VERDEF
    [0x6ffffffd, versions.length + 1], // DT_VERDEFNUM
    [0, 0],
  ];
  const file = Buffer.alloc(dynamicAt + tags.length * 16);
  const u16 = (at: number, value: number): number => (bigEndian ? file.writeUInt16BE(value, at) : file.writeUInt16LE(value, at));
  const u32 = (at: number, value: number): number => (bigEndian ? file.writeUInt32BE(value, at) : file.writeUInt32LE(value, at));
  const u64 = (at: number, value: number): number =>
    bigEndian ? file.writeBigUInt64BE(BigInt(value), at) : file.writeBigUInt64LE(BigInt(value), at);

  file.set([0x7f, 0x45, 0x4c, 0x46, 2, bigEndian ? 2 : 1, 1]);
  u16(16, 3); // ET_DYN
  u16(18, number);
  u32(20, 1);
  u64(32, 64);
  for (const [at, value] of [
    [52, 64],
    [54, 56],
    [56, 4],
    [58, 64],
  ] as const)
    u16(at, value); // prettier-ignore
  const segment = (index: number, type: number, flags: number, offset: number, address: number, size: number, alignment: number): void => {
    const at = 64 + index * 56;
    u32(at, type);
    u32(at + 4, flags);
    for (const [place, value] of [offset, address, address, size, size, alignment].entries()) u64(at + 8 + place * 8, value);
  };
  segment(0, 1, 5, 0, 0, dynamicAt, PAGE); // PT_LOAD, to read and execute
  segment(1, 1, 6, dynamicAt, PAGE + dynamicAt, tags.length * 16, PAGE); // PT_LOAD, to write: the loader puts addresses into it
  segment(2, 2, 6, dynamicAt, PAGE + dynamicAt, tags.length * 16, 8); // PT_DYNAMIC
  segment(3, 0x6474e551, 6, 0, 0, 0, 16); // PT_GNU_STACK: no code on the stack

  for (const [index, { name, version }] of functions.entries()) {
    const at = symbolsAt + (index + 1) * 24;
    u32(at, text(name));
    file[at + 4] = 0x12; // STB_GLOBAL, STT_FUNC
    u16(at + 6, 1);
    u64(at + 8, codeAt);
    u64(at + 16, code.length);
    u16(versionsAt + (index + 1) * 2, versions.indexOf(version) + 2);
  }
  for (const [index, name] of [soname, ...versions].entries()) {
    const at = definitionsAt + index * 28;
    // Elf64_Verdef, the first of which is the file's own (VER_FLG_BASE), and its Elf64_Verdaux
    for (const [place, value] of [1, index === 0 ? 1 : 0, index + 1, 1].entries()) u16(at + place * 2, value);
    u32(at + 8, elfHash(name));
    u32(at + 12, 20);
    u32(at + 16, index === versions.length ? 0 : 28);
    u32(at + 20, text(name));
  }
  // one bucket, and a filter that lets every name through
  for (const [place, value] of [1, 1, 1, 0, 0xffffffff, 0xffffffff, functions.length > 0 ? 1 : 0].entries()) u32(hashAt + place * 4, value);
  for (const [index, { name }] of functions.entries()) {
    const last = index === functions.length - 1 ? 1 : 0;
    u32(hashAt + 28 + index * 4, ((gnuHash(name) & ~1) | last) >>> 0);
  }
  strings.copy(file, stringsAt);
  file.set(code, codeAt);
  for (const [index, [tag, value]] of tags.entries()) {
    u64(dynamicAt + index * 16, tag);
    u64(dynamicAt + index * 16 + 8, value);
  }
  return file;
}

function align(offset: number): number {
  return Math.ceil(offset / 8) * 8;
}

function elfHash(name: string): number {
  let hash = 0;
  for (const letter of Buffer.from(name, "latin1")) {
    hash = ((hash << 4) + letter) >>> 0;
    const high = hash & 0xf0000000;
    hash = ((hash ^ (high >>> 24)) & ~high) >>> 0;
  }
  return hash;
}

function gnuHash(name: string): number {
  let hash = 5381;
  for (const letter of Buffer.from(name, "latin1")) hash = (Math.imul(hash, 33) + letter) >>> 0;
  return hash;
}
