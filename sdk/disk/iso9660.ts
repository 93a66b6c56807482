import type { Entry } from "../archive/entry.ts";
import { encodePath } from "../archive/path.ts";
import { LinuxKitError } from "../core/errors.ts";
import { present } from "../core/present.ts";
import { type BootImage, encodeBootRecord, encodeCatalogue, withInfoTable } from "./el-torito.ts";
import { bytesAt, type Disk, type Extent, makeDisk, SECTOR } from "./extent.ts";
import { byName, type FileTree, fileTree, type Inode } from "./file-tree.ts";
import { both16, both32, encodeRecord, ISO_BLOCK, isoIdentifiers, recordBase } from "./iso-record.ts";
import { encodeMbr } from "./mbr.ts";
import { ContinuationArea, ROOT_FIELDS, rockRidgeFields } from "./rock-ridge.ts";

/** An entry of the volume; a file may set its alignment and reserve. */
export type IsoEntry = Entry & {
  /** The content begins at a multiple of this many bytes, a power of two from 2048. @default 2048 */
  readonly align?: number;
  /** Bytes reserved for the content, so that later files stay in place when it grows. @default its size */
  readonly reserve?: number;
};

export interface IsoOptions {
  readonly entries: readonly IsoEntry[];
  /** 1 to 32 of A-Z 0-9 and _. */
  readonly label: string;
  /** Path of the loader that a BIOS starts, `isolinux.bin`. Its boot information table is filled in. */
  readonly bios?: string;
  /** Path of the FAT image that EFI starts from. */
  readonly efi?: string;
  /** Makes the image bootable as a disk too. */
  readonly hybrid?: {
    /** ISOLINUX's `isohdpfx.bin`; absent for EFI only. */
    readonly code?: Uint8Array;
    /** Disk signature. */
    readonly signature: number;
  };
}

export interface IsoVolume {
  readonly disk: Disk;
  /** Bytes from the start to the content of each file that is not empty, by its first path. */
  readonly positions: ReadonlyMap<string, number>;
}

const DESCRIPTORS_AT = 16;
const LARGEST_EXTENT = 0xfffff800;

/**
 * Bytes of the longest name. Linux leaves out the part of a name with which it has 254 bytes or more
 * (get_rock_ridge_filename in fs/isofs/rock.c), and so shows a longer name cut.
 */
export const LONGEST_ISO_NAME = 253;

interface Directory {
  readonly inode: Inode;
  /** Children with their identifiers, sorted by identifier. */
  readonly children: readonly { readonly identifier: string; readonly name: string; readonly inode: Inode }[];
}

/**
 * An ISO 9660 volume (ECMA-119) with Rock Ridge names, owners, modes, links and devices, and El Torito boot images.
 * Bodies are read in the order of `entries`.
 *
 * @throws INVALID_DEFINITION for an invalid label or entry, UNSUPPORTED for extended attributes, NOT_FOUND for a boot
 * image that is not an entry, TOO_LARGE for more than 65535 directories and for a name above {@link LONGEST_ISO_NAME} bytes
 */
export function isoVolume(options: IsoOptions): IsoVolume {
  if (!/^[A-Z0-9_]{1,32}$/.test(options.label))
    throw new LinuxKitError("INVALID_DEFINITION", `label: got "${options.label}", wanted 1 to 32 of A-Z 0-9 and _`, { path: "label" });
  const tree = fileTree(options.entries);
  for (const { entry } of [...tree.directories, ...tree.others]) {
    if (entry.xattrs?.size)
      throw new LinuxKitError(
        "UNSUPPORTED",
        `${entry.path}: an ISO 9660 root cannot hold extended attributes (${[...entry.xattrs.keys()].join(", ")}): use a format with an initramfs, squashfs or erofs`,
        { what: "extended attributes" },
      );
  }
  for (const { children } of tree.directories) for (const [name, child] of present(children)) checkName(name, child.entry.path);
  // the path table's order: by depth, then by parent, then by identifier
  const directories = [identify(tree.root)];
  for (const { children } of directories)
    directories.push(...children.filter(({ inode }) => inode.children).map(({ inode }) => identify(inode)));
  const bootable = options.bios !== undefined || options.efi !== undefined;

  // sizes do not depend on positions, so a first round without positions gives every size
  const nowhere = new Map<Inode, number>();
  const draftArea = new ContinuationArea(0);
  const draft = directories.map((directory) => encodeDirectory(directory, tree, nowhere, nowhere, draftArea).length);
  const tableSize = encodePathTable(directories, nowhere, "LE").length;
  const tableBlocks = blocksOf(tableSize);

  let next = DESCRIPTORS_AT + (bootable ? 3 : 2);
  const tableLE = next;
  const tableBE = tableLE + tableBlocks;
  next = tableBE + tableBlocks;
  const places = new Map<Inode, number>();
  const sizes = new Map<Inode, number>();
  directories.forEach(({ inode }, index) => {
    places.set(inode, next);
    sizes.set(inode, present(draft[index]));
    next += blocksOf(present(draft[index]));
  });
  const areaAt = next;
  next += draftArea.blocks;
  const catalogueAt = next;
  if (bootable) next++;
  for (const inode of tree.others) {
    const { size, align, reserve } = inode.entry as IsoEntry;
    if (inode.entry.type !== "file" || size === 0) continue;
    const step = Math.max(1, (align ?? 0) / ISO_BLOCK);
    next = Math.ceil(next / step) * step;
    places.set(inode, next);
    next += blocksOf(Math.max(size, reserve ?? 0));
  }
  const total = next;

  const area = new ContinuationArea(areaAt);
  const records = directories.map((directory) => encodeDirectory(directory, tree, places, sizes, area));
  const extents: Extent[] = [
    bytesAt(
      DESCRIPTORS_AT * ISO_BLOCK,
      encodePrimary({
        label: options.label,
        total,
        tableSize,
        tableLE,
        tableBE,
        root: present(places.get(tree.root)),
        rootSize: present(records[0]).length,
        mtime: tree.root.entry.mtime,
      }),
    ),
  ];
  const images = bootImages(options, tree, places);
  if (bootable)
    extents.push(
      bytesAt((DESCRIPTORS_AT + 1) * ISO_BLOCK, encodeBootRecord(catalogueAt)),
      bytesAt(catalogueAt * ISO_BLOCK, encodeCatalogue(images)),
    );
  extents.push(bytesAt((tableLE - 1) * ISO_BLOCK, Buffer.from("\xffCD001\x01", "latin1")));
  extents.push(
    bytesAt(tableLE * ISO_BLOCK, encodePathTable(directories, places, "LE")),
    bytesAt(tableBE * ISO_BLOCK, encodePathTable(directories, places, "BE")),
  );
  for (const [index, { inode }] of directories.entries())
    extents.push(bytesAt(present(places.get(inode)) * ISO_BLOCK, present(records[index])));
  extents.push(bytesAt(areaAt * ISO_BLOCK, area.encode()));
  const positions = new Map<string, number>();
  for (const inode of tree.others) {
    const block = places.get(inode);
    if (block === undefined) continue;
    const { path, size, body } = inode.entry;
    positions.set(path, block * ISO_BLOCK);
    extents.push({ offset: block * ISO_BLOCK, length: size, source: path === options.bios ? withInfoTable(body, size, block) : body });
  }
  if (options.hybrid) extents.push(bytesAt(0, encodeSystemArea(options.hybrid, images)));
  return { disk: makeDisk(total * ISO_BLOCK, extents), positions };
}

const blocksOf = (bytes: number) => Math.ceil(bytes / ISO_BLOCK);

function checkName(name: string, path: string): void {
  const got = encodePath(name).length;
  if (got <= LONGEST_ISO_NAME) return;
  throw new LinuxKitError(
    "TOO_LARGE",
    `${JSON.stringify(path)}: a name of ${got} bytes, of which Linux reads at most ${LONGEST_ISO_NAME} from ISO 9660: use squashfs or erofs`,
    { what: "name", limit: LONGEST_ISO_NAME, got },
  );
}

function identify(inode: Inode): Directory {
  const names = [...present(inode.children).keys()].sort(byName).map((name) => ({
    name,
    inode: present(present(inode.children).get(name)),
    directory: present(present(inode.children).get(name)).children !== undefined,
  }));
  const identifiers = isoIdentifiers(names);
  const children = names.map(({ name, inode: child }, index) => ({ identifier: present(identifiers[index]), name, inode: child }));
  return { inode, children: children.sort((a, b) => (a.identifier < b.identifier ? -1 : 1)) };
}

/** A directory's records; a record never crosses a block (6.8.1.1). */
function encodeDirectory(
  directory: Directory,
  tree: FileTree,
  places: ReadonlyMap<Inode, number>,
  sizes: ReadonlyMap<Inode, number>,
  area: ContinuationArea,
): Buffer {
  const records: Buffer[] = [];
  const add = (inode: Inode, identifier: Uint8Array, fields: readonly Buffer[]) => {
    const size = inode.children ? (sizes.get(inode) ?? 0) : inode.entry.size;
    const count = Math.max(1, Math.ceil(size / LARGEST_EXTENT));
    for (let part = 0; part < count; part++) {
      const block = (places.get(inode) ?? 0) + (part * LARGEST_EXTENT) / ISO_BLOCK;
      const systemUse = area.fit(fields, 254 - recordBase(identifier));
      records.push(
        encodeRecord({
          identifier,
          block,
          size: Math.min(LARGEST_EXTENT, size - part * LARGEST_EXTENT),
          mtime: inode.entry.mtime,
          directory: inode.children !== undefined,
          continues: part < count - 1,
          systemUse,
        }),
      );
    }
  };
  const { inode } = directory;
  const self = rockRidgeFields(inode.entry, inode.links, undefined);
  add(inode, Buffer.of(0), inode === tree.root ? [ROOT_FIELDS.first, ...self, ROOT_FIELDS.last] : self);
  add(inode.parent, Buffer.of(1), rockRidgeFields(inode.parent.entry, inode.parent.links, undefined));
  for (const child of directory.children)
    add(child.inode, Buffer.from(child.identifier, "latin1"), rockRidgeFields(child.inode.entry, child.inode.links, child.name));

  const placed: Buffer[] = [];
  let at = 0;
  for (const record of records) {
    const left = ISO_BLOCK - (at % ISO_BLOCK);
    if (record.length > left) {
      placed.push(Buffer.alloc(left));
      at += left;
    }
    placed.push(record);
    at += record.length;
  }
  return Buffer.concat(placed, blocksOf(at) * ISO_BLOCK);
}

/** The path table: every directory with the number of its parent (9.4). */
function encodePathTable(directories: readonly Directory[], places: ReadonlyMap<Inode, number>, order: "LE" | "BE"): Buffer {
  if (directories.length > 0xffff)
    throw new LinuxKitError("TOO_LARGE", `ISO 9660 volume: ${directories.length} directories, at most 65535 fit: use squashfs or erofs`, {
      what: "directories",
      limit: 0xffff,
      got: directories.length,
    });
  const numbers = new Map(directories.map(({ inode }, index) => [inode, index + 1]));
  const identifiers = new Map(directories.flatMap(({ children }) => children.map(({ inode, identifier }) => [inode, identifier] as const)));
  const rows = directories.map(({ inode }) => {
    const identifier = inode.parent === inode ? Buffer.of(0) : Buffer.from(present(identifiers.get(inode)), "latin1");
    const row = Buffer.alloc(8 + identifier.length + (identifier.length % 2));
    row[0] = identifier.length;
    row[`writeUInt32${order}`](places.get(inode) ?? 0, 2);
    row[`writeUInt16${order}`](present(numbers.get(inode.parent)), 6);
    row.set(identifier, 8);
    return row;
  });
  return Buffer.concat(rows);
}

/** The primary volume descriptor (8.4), without dates. */
function encodePrimary(fields: {
  readonly label: string;
  readonly total: number;
  readonly tableSize: number;
  readonly tableLE: number;
  readonly tableBE: number;
  readonly root: number;
  readonly rootSize: number;
  readonly mtime: number;
}): Buffer {
  const block = Buffer.alloc(ISO_BLOCK);
  block.write("\x01CD001\x01", "latin1");
  block.fill(" ", 8, 72, "latin1");
  block.write(fields.label, 40, "latin1");
  block.set(both32(fields.total), 80);
  block.set(both16(1), 120);
  block.set(both16(1), 124);
  block.set(both16(ISO_BLOCK), 128);
  block.set(both32(fields.tableSize), 132);
  block.writeUInt32LE(fields.tableLE, 140);
  block.writeUInt32BE(fields.tableBE, 148);
  block.set(
    encodeRecord({
      identifier: Buffer.of(0),
      block: fields.root,
      size: fields.rootSize,
      mtime: fields.mtime,
      directory: true,
      systemUse: Buffer.alloc(0),
    }),
    156,
  );
  block.fill(" ", 190, 813, "latin1");
  for (const at of [813, 830, 847, 864]) block.fill("0", at, at + 16, "latin1");
  block[881] = 1;
  return block;
}

function bootImages(options: IsoOptions, tree: FileTree, places: ReadonlyMap<Inode, number>): BootImage[] {
  const image = (platform: "bios" | "efi", path: string): BootImage => {
    const inode = tree.others.find(({ entry }) => entry.path === path);
    const block = inode && places.get(inode);
    if (block === undefined)
      throw new LinuxKitError("NOT_FOUND", `ISO 9660 volume: the boot image ${path} is not among its files`, { what: path });
    // a BIOS loads one block, which loads the rest of the loader
    return { platform, block, sectors: platform === "bios" ? ISO_BLOCK / SECTOR : Math.ceil(present(inode).entry.size / SECTOR) };
  };
  return [
    ...(options.bios === undefined ? [] : [image("bios", options.bios)]),
    ...(options.efi === undefined ? [] : [image("efi", options.efi)]),
  ];
}

/** A master boot record before the volume: ISOLINUX's code with the position of its loader, and the EFI image as a partition. */
function encodeSystemArea(hybrid: NonNullable<IsoOptions["hybrid"]>, images: readonly BootImage[]): Buffer {
  const scale = ISO_BLOCK / SECTOR;
  const efi = images.find(({ platform }) => platform === "efi");
  const bios = images.find(({ platform }) => platform === "bios");
  const partitions = efi ? [{ type: 0xef, start: efi.block * ISO_BLOCK, length: efi.sectors * SECTOR, active: true }] : [];
  const sector = encodeMbr({ ...(hybrid.code && { code: hybrid.code }), signature: hybrid.signature, partitions });
  if (hybrid.code && bios) sector.writeBigUInt64LE(BigInt(bios.block * scale), 432);
  return sector;
}
