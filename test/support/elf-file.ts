/** The headers of a made ELF file. */
export interface ElfParts {
  readonly interpreter?: string;
  readonly soname?: string;
  readonly needed?: readonly string[];
  readonly runpath?: string;
  /** Fields of a kernel module: `name=value`. */
  readonly modinfo?: readonly string[];
  /** As of s390x. @default false */
  readonly bigEndian?: boolean;
}

const BASE = 0x10000;

/** A 64-bit ELF file with only the headers that a loader, or a reader of kernel modules, reads. It does not run. */
export function elfFile({ interpreter, soname, needed = [], runpath, modinfo = [], bigEndian = false }: ElfParts): Buffer {
  const strings = ["", ...needed, ...(soname ? [soname] : []), ...(runpath ? [runpath] : [])];
  const stringTable = Buffer.from(`${strings.join("\0")}\0`);
  const at = (text: string): number => stringTable.indexOf(`\0${text}\0`, 0, "latin1") + 1;
  const interp = Buffer.from(interpreter ? `${interpreter}\0` : "");
  const info = Buffer.from(modinfo.map((field) => `${field}\0`).join(""));
  const sectionNames = Buffer.from("\0.shstrtab\0.modinfo\0");

  const programs = interpreter ? 3 : 2;
  const interpAt = 64 + programs * 56;
  const stringsAt = interpAt + interp.length;
  const dynamicAt = Math.ceil((stringsAt + stringTable.length) / 16) * 16;
  const tags: [number, number][] = [
    ...needed.map((name): [number, number] => [1, at(name)]),
    ...(soname ? [[14, at(soname)] as [number, number]] : []),
    ...(runpath ? [[29, at(runpath)] as [number, number]] : []),
    [5, BASE + stringsAt],
    [10, stringTable.length],
    [0, 0],
  ];
  const infoAt = dynamicAt + tags.length * 16;
  const namesAt = infoAt + info.length;
  const sectionsAt = Math.ceil((namesAt + sectionNames.length) / 16) * 16;
  const file = Buffer.alloc(sectionsAt + 3 * 64);

  const put16 = (value: number, offset: number): void =>
    void (bigEndian ? file.writeUInt16BE(value, offset) : file.writeUInt16LE(value, offset));
  const put32 = (value: number, offset: number): void =>
    void (bigEndian ? file.writeUInt32BE(value, offset) : file.writeUInt32LE(value, offset));
  const put64 = (value: number, offset: number): void =>
    void (bigEndian ? file.writeBigUInt64BE(BigInt(value), offset) : file.writeBigUInt64LE(BigInt(value), offset));
  file.set([0x7f, 0x45, 0x4c, 0x46, 2, bigEndian ? 2 : 1, 1]);
  put16(3, 16);
  put16(bigEndian ? 22 : 62, 18);
  put32(1, 20);
  put64(64, 32);
  put64(sectionsAt, 40);
  put16(64, 52);
  put16(56, 54);
  put16(programs, 56);
  put16(64, 58);
  put16(3, 60);
  put16(1, 62);
  const program = (index: number, type: number, offset: number, size: number): void => {
    const header = 64 + index * 56;
    put32(type, header);
    put32(5, header + 4);
    for (const [place, value] of [
      [8, offset],
      [16, BASE + offset],
      [24, BASE + offset],
      [32, size],
      [40, size],
      [48, 16],
    ] as const)
      put64(value, header + place);
  };
  program(0, 1, 0, file.length);
  program(1, 2, dynamicAt, tags.length * 16);
  if (interpreter) program(2, 3, interpAt, interp.length);
  file.set(interp, interpAt);
  file.set(stringTable, stringsAt);
  for (const [index, [tag, value]] of tags.entries()) {
    put64(tag, dynamicAt + index * 16);
    put64(value, dynamicAt + index * 16 + 8);
  }
  file.set(info, infoAt);
  file.set(sectionNames, namesAt);
  const section = (index: number, name: number, type: number, offset: number, size: number): void => {
    put32(name, sectionsAt + index * 64);
    put32(type, sectionsAt + index * 64 + 4);
    put64(offset, sectionsAt + index * 64 + 24);
    put64(size, sectionsAt + index * 64 + 32);
  };
  section(1, 1, 3, namesAt, sectionNames.length);
  section(2, 11, 1, infoAt, info.length);
  return file;
}
