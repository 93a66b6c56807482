import { createHash } from "node:crypto";
import { inflateRawSync } from "node:zlib";
import type { TreePath } from "./conformance.ts";

const TYPES: Readonly<Record<number, string>> = { 0o04: "dir", 0o10: "file", 0o12: "symlink" };

/**
 * What the kernel unpacks from an initrd: consecutive archives, each plain or in gzip, with zeros between them
 * (Documentation/driver-api/early-userspace/buffer-format.rst). Of a path that occurs twice, the last one is listed.
 */
export function unpackInitrd(initrd: Buffer): Record<string, TreePath> {
  const tree: Record<string, TreePath> = {};
  for (let at = 0; at < initrd.length; ) {
    if (initrd[at] === 0) at++;
    else if (initrd.toString("latin1", at, at + 6) === "070701") at = unpackArchive(initrd, at, tree);
    else {
      if (initrd[at] !== 0x1f || initrd[at + 3] !== 0) throw new Error(`neither cpio nor gzip at ${at}`);
      // deflate begins after ten bytes; eight bytes of checksum and size follow it
      const { buffer, engine } = inflateRawSync(initrd.subarray(at + 10), { info: true }) as unknown as {
        buffer: Buffer;
        engine: { bytesWritten: number };
      };
      unpackArchive(buffer, 0, tree);
      at += 10 + engine.bytesWritten + 8;
    }
  }
  return tree;
}

function unpackArchive(archive: Buffer, start: number, tree: Record<string, TreePath>): number {
  const files = new Map<number, { names: string[] }>();
  for (let at = start; ; ) {
    const field = (index: number): number => Number.parseInt(archive.toString("latin1", at + 6 + 8 * index, at + 14 + 8 * index), 16);
    const [inode, bits, uid, gid, links, size, nameSize] = [field(0), field(1), field(2), field(3), field(4), field(6), field(11)] as [
      number,
      number,
      number,
      number,
      number,
      number,
      number,
    ];
    const path = archive.toString("utf8", at + 110, at + 110 + nameSize - 1);
    const body = aligned(at + 110 + nameSize);
    const content = archive.subarray(body, body + size);
    at = aligned(body + size);
    if (path === "TRAILER!!!") return at;
    const type = TYPES[bits >> 12] ?? `type ${(bits >> 12).toString(8)}`;
    const header = { type, mode: (bits & 0o7777).toString(8).padStart(4, "0"), uid, gid };
    if (type === "symlink") tree[path] = { ...header, link: content.toString() };
    else if (type !== "file") tree[path] = header;
    else {
      const file = links > 1 ? (files.get(inode) ?? { names: [] }) : { names: [] };
      files.set(inode, file);
      const [first] = file.names;
      file.names.push(path);
      tree[path] =
        first !== undefined && size === 0
          ? (tree[first] as TreePath)
          : { ...header, sha256: createHash("sha256").update(content).digest("hex"), size };
    }
  }
}

function aligned(offset: number): number {
  return (offset + 3) & ~3;
}
