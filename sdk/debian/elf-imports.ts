import { elfSection, isBigEndian } from "./elf.ts";

/** A symbol that a program takes from a library. */
export interface ElfImport {
  readonly name: string;
  /** The version of the symbol (`GNU symbol versions`), such as `LIBSYSTEMD_209`. */
  readonly version: string;
}

/**
 * The versioned symbols that a program takes from the library with this soname, in the order of its table.
 *
 * Source: System V ABI, gABI chapter 4 (symbol table); Linux Standard Base 5.0, section 10.7 (symbol versioning).
 *
 * @throws CORRUPT
 */
export function elfImports(file: Buffer, soname: string, path: string): readonly ElfImport[] {
  const section = (name: string): Buffer => elfSection(file, name, path) ?? Buffer.alloc(0);
  const [symbols, strings, indices, needs] = [".dynsym", ".dynstr", ".gnu.version", ".gnu.version_r"].map(section) as [
    Buffer,
    Buffer,
    Buffer,
    Buffer,
  ];
  const big = isBigEndian(file);
  const u16 = (from: Buffer, at: number): number => (big ? from.readUInt16BE(at) : from.readUInt16LE(at));
  const u32 = (from: Buffer, at: number): number => (big ? from.readUInt32BE(at) : from.readUInt32LE(at));
  const text = (at: number): string => strings.toString("latin1", at, strings.indexOf(0, at));

  // Elf64_Verneed has the library's name, and leads to a Elf64_Vernaux for each version
  const versions = new Map<number, string>();
  for (let need = 0, next = -1; next !== 0 && need + 16 <= needs.length; need += next) {
    next = u32(needs, need + 12);
    if (text(u32(needs, need + 4)) !== soname) continue;
    let aux = need + u32(needs, need + 8);
    for (let left = u16(needs, need + 2); left > 0; left--) {
      versions.set(u16(needs, aux + 6) & 0x7fff, text(u32(needs, aux + 8)));
      aux += u32(needs, aux + 12);
    }
  }
  return Array.from({ length: Math.floor(symbols.length / 24) }, (_, index) => index).flatMap((index) => {
    const version = versions.get(u16(indices, index * 2) & 0x7fff);
    return version === undefined ? [] : [{ name: text(u32(symbols, index * 24)), version }];
  });
}
