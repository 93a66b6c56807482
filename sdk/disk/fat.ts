import { LinuxKitError } from "../core/errors.ts";
import { present } from "../core/present.ts";
import { bytesAt, type Disk, type Extent, makeDisk, SECTOR } from "./extent.ts";
import { type FatGeometry, type FatSizing, fatGeometry } from "./fat-geometry.ts";
import { encodeLongEntries, encodeShortEntry, shortNames } from "./fat-name.ts";
import { type Run, tableChunks } from "./fat-table.ts";
import { entriesOf, type FatEntry, type FatNode, fatTree, placeTree, walkTree } from "./fat-tree.ts";

export interface FatOptions extends FatSizing {
  /** Files are written in this order; missing parents are added. */
  readonly entries: readonly FatEntry[];
  /** Volume label: 1 to 11 of the characters that short names allow. @default none */
  readonly label?: string;
  /** The volume's serial number, 32 bits. */
  readonly serial: number;
  /** Bytes from the start of the disk to the volume, for BIOS boot code. @default 0 */
  readonly start?: number;
  /** Bytes of free clusters beyond the content. @default 0 */
  readonly free?: number;
}

/** A FAT volume with the positions of its files. */
export interface FatVolume {
  readonly disk: Disk;
  readonly geometry: FatGeometry;
  /** The first sector, without boot code. */
  readonly bootSector: Buffer;
  /** Bytes from the start of the volume to the content of each file that is not empty, by path. */
  readonly positions: ReadonlyMap<string, number>;
}

/**
 * A FAT16 or FAT32 volume with long names (Microsoft FAT specification 1.03), every file in consecutive clusters. The
 * same entries, label and serial give the same bytes; all times come from the entries.
 *
 * @throws INVALID_DEFINITION for names that FAT cannot hold, links, devices, and two names that differ only in case
 * @throws TOO_LARGE for a file of 4 GiB, or for content that does not fit the given size
 */
export function fatVolume(options: FatOptions): FatVolume {
  const tree = fatTree(options.entries);
  const { root } = tree;
  const alignment = Math.max(4096, ...options.entries.map((entry) => entry.align ?? 0));
  const rootEntries = Math.max(512, Math.ceil(entriesOf(root) / 16) * 16);
  const need = (clusterSize: number) => placeTree(tree, clusterSize, true) + Math.ceil((options.free ?? 0) / clusterSize);
  const geometry = fatGeometry(need, { rootEntries, alignment, ...options });
  const used = placeTree(tree, geometry.clusterSize, geometry.type === 32);
  const at = (cluster: number) => geometry.dataStart + (cluster - 2) * geometry.clusterSize;

  const boot = encodeBoot(geometry, options);
  const extents: Extent[] = [bytesAt(0, boot)];
  if (geometry.type === 32) {
    const taken = [...walkTree(tree)].reduce((sum, node) => sum + node.count, 0);
    const info = encodeInfo(geometry, taken, used);
    extents.push(bytesAt(SECTOR, info), bytesAt(6 * SECTOR, boot), bytesAt(7 * SECTOR, info));
  }
  const positions = new Map<string, number>();
  const runs: Run[] = [];
  for (const node of walkTree(tree)) {
    if (node.count > 0) runs.push({ first: node.first, count: node.count });
    if (node.children) {
      const bytes = encodeDirectory(node, options.label);
      // FAT16's root directory comes before the clusters
      extents.push(bytesAt(node.count > 0 ? at(node.first) : geometry.dataStart - geometry.rootSectors * SECTOR, bytes));
    } else if (node.entry.size > 0) {
      positions.set(node.entry.path, at(node.first));
      extents.push({ offset: at(node.first), length: node.entry.size, source: node.entry.body });
    }
  }
  runs.sort((a, b) => a.first - b.first);
  const length = Math.ceil(((2 + used) * (geometry.type / 8)) / SECTOR) * SECTOR;
  for (const copy of [0, 1]) {
    const source = { [Symbol.iterator]: () => tableChunks(geometry.type, runs, length) };
    extents.push({ offset: (geometry.reservedSectors + copy * geometry.fatSectors) * SECTOR, length, source });
  }
  return { disk: makeDisk(geometry.size, extents), geometry, bootSector: boot, positions };
}

/** A directory's entries, sorted by name. */
function encodeDirectory(node: FatNode, label: string | undefined): Buffer {
  const parts: Buffer[] = [];
  const { parent } = node;
  const fields = (child: FatNode) => ({
    attributes: child.children ? 0x10 : 0x20,
    mtime: child.entry.mtime,
    firstCluster: child.first,
    size: child.children ? 0 : child.entry.size,
  });
  if (parent) {
    parts.push(encodeShortEntry(Buffer.from(".          "), fields(node)));
    // ".." of a directory in the root has cluster 0, on FAT32 too
    parts.push(encodeShortEntry(Buffer.from("..         "), { ...fields(parent), firstCluster: !parent.parent ? 0 : parent.first }));
  } else if (label !== undefined) {
    parts.push(encodeShortEntry(encodeLabel(label), { attributes: 0x08, mtime: 0, firstCluster: 0, size: 0 }));
  }
  const children = [...present(node.children).values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  const aliases = shortNames(children.map((child) => child.name));
  children.forEach((child, index) => {
    const alias = present(aliases[index]);
    if (!alias.exact) parts.push(encodeLongEntries(child.name, alias.bytes));
    parts.push(encodeShortEntry(alias.bytes, fields(child)));
  });
  return Buffer.concat(parts);
}

function encodeLabel(label: string): Buffer {
  if (!/^[A-Z0-9!#$%&'()\-@^_`{}~ ]{1,11}$/.test(label) || label.startsWith(" "))
    throw new LinuxKitError("INVALID_DEFINITION", `label: got "${label}", wanted 1 to 11 of A-Z 0-9 and !#$%&'()-@^_\`{}~`, {
      path: "label",
    });
  return Buffer.from(label.padEnd(11), "latin1");
}

/** The boot sector without code (sections 3.1 to 3.3). */
function encodeBoot(geometry: FatGeometry, options: FatOptions): Buffer {
  const sector = Buffer.alloc(SECTOR);
  const wide = geometry.type === 32;
  const sectors = geometry.size / SECTOR;
  sector.set(wide ? [0xeb, 0x58, 0x90] : [0xeb, 0x3c, 0x90]);
  sector.write("LINUXKIT", 3, "latin1");
  sector.writeUInt16LE(SECTOR, 11);
  sector[13] = geometry.clusterSize / SECTOR;
  sector.writeUInt16LE(geometry.reservedSectors, 14);
  sector[16] = 2;
  sector.writeUInt16LE(geometry.rootSectors * 16, 17);
  if (!wide && sectors < 0x10000) sector.writeUInt16LE(sectors, 19);
  else sector.writeUInt32LE(sectors, 32);
  sector[21] = 0xf8;
  if (!wide) sector.writeUInt16LE(geometry.fatSectors, 22);
  sector.writeUInt16LE(63, 24);
  sector.writeUInt16LE(255, 26);
  sector.writeUInt32LE(Math.min((options.start ?? 0) / SECTOR, 0xffffffff), 28);
  if (wide) {
    sector.writeUInt32LE(geometry.fatSectors, 36);
    sector.writeUInt32LE(2, 44);
    sector.writeUInt16LE(1, 48);
    sector.writeUInt16LE(6, 50);
  }
  const at = wide ? 64 : 36;
  sector[at] = 0x80;
  sector[at + 2] = 0x29;
  sector.writeUInt32LE(options.serial, at + 3);
  sector.set(encodeLabel(options.label ?? "NO NAME"), at + 7);
  sector.write(wide ? "FAT32   " : "FAT16   ", at + 18, "latin1");
  sector.writeUInt16LE(0xaa55, 510);
  return sector;
}

/** FSInfo (section 5): how many clusters are free, and where to look first. */
function encodeInfo(geometry: FatGeometry, taken: number, used: number): Buffer {
  const sector = Buffer.alloc(SECTOR);
  sector.writeUInt32LE(0x41615252, 0);
  sector.writeUInt32LE(0x61417272, 484);
  sector.writeUInt32LE(geometry.clusters - taken, 488);
  sector.writeUInt32LE(Math.min(used + 2, geometry.clusters + 1), 492);
  sector.writeUInt32LE(0xaa550000, 508);
  return sector;
}
