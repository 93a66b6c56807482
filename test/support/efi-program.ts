/** A small PE32+ program with one section of code: a stand-in for a loader's stub, or for a kernel with an EFI stub. */
export function efiProgram(options: { readonly machine?: number; readonly headerBytes?: number; readonly code?: Uint8Array } = {}): Buffer {
  const headerBytes = options.headerBytes ?? 1024;
  const code = options.code ?? Buffer.alloc(700, 0xcc);
  const rawSize = Math.ceil(code.length / 512) * 512;
  const image = Buffer.alloc(headerBytes + rawSize);
  image.write("MZ", "latin1");
  image.writeUInt32LE(0x40, 0x3c);
  image.write("PE\0\0", 0x40, "latin1");
  image.writeUInt16LE(options.machine ?? 0x8664, 0x44);
  image.writeUInt16LE(1, 0x46);
  image.writeUInt16LE(240, 0x54);
  image.writeUInt16LE(0x0206, 0x56);
  const optional = 0x58;
  image.writeUInt16LE(0x20b, optional);
  image.writeUInt32LE(rawSize, optional + 4);
  image.writeUInt32LE(0x1000, optional + 16);
  image.writeUInt32LE(0x1000, optional + 20);
  image.writeUInt32LE(0x1000, optional + 32);
  image.writeUInt32LE(512, optional + 36);
  image.writeUInt32LE(0x1000 + Math.ceil(code.length / 0x1000) * 0x1000, optional + 56);
  image.writeUInt32LE(headerBytes, optional + 60);
  image.writeUInt16LE(10, optional + 68);
  image.writeUInt32LE(16, optional + 108);
  const section = optional + 240;
  image.write(".text", section, "latin1");
  image.writeUInt32LE(code.length, section + 8);
  image.writeUInt32LE(0x1000, section + 12);
  image.writeUInt32LE(rawSize, section + 16);
  image.writeUInt32LE(headerBytes, section + 20);
  image.writeUInt32LE(0x60000020, section + 36);
  image.set(code, headerBytes);
  return image;
}
