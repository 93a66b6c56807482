import { LinuxKitError } from "../core/errors.ts";
import { SECTOR } from "./extent.ts";

/** Bits of a cluster number in the allocation table. Readers recognise the type by the count of clusters alone. */
export type FatType = 16 | 32;

/** The layout of a FAT volume; sectors are 512 bytes. */
export interface FatGeometry {
  readonly type: FatType;
  /** Bytes of the volume. */
  readonly size: number;
  /** Bytes. */
  readonly clusterSize: number;
  /** Clusters that can hold data; their numbers begin at 2. */
  readonly clusters: number;
  readonly reservedSectors: number;
  /** Sectors of each of the two tables. */
  readonly fatSectors: number;
  /** Sectors of FAT16's fixed root directory; 0 on FAT32. */
  readonly rootSectors: number;
  /** Bytes from the start of the volume to cluster 2. */
  readonly dataStart: number;
}

// sixteen clusters away from the limits 4085 and 65525, as drivers differ by a few clusters in where they put them
const LEAST_CLUSTERS = { 16: 4085 + 16, 32: 65525 + 16 } as const;
const MOST_CLUSTERS = { 16: 65524 - 16, 32: 0x0ffffff5 - 16 } as const;
const CLUSTER_SIZES = [4096, 2048, 1024, 512, 8192, 16384, 32768] as const;
/** The smallest FAT32 volume in bytes, rounded up: a smaller one has too few clusters. */
const LEAST_FAT32 = 34 << 20;

export interface FatSizing {
  /** @default FAT32 for volumes from 34 MiB, FAT16 below */
  readonly type?: FatType;
  /** Bytes, whole sectors. @default the smallest size that holds the content, rounded up to `roundTo` */
  readonly size?: number;
  /** Bytes per cluster, a power of two from 512 to 32768. @default the one of the smallest volume, preferably 4096 */
  readonly clusterSize?: number;
  /** Bytes to which the size is rounded up. @default 1 MiB */
  readonly roundTo?: number;
  /** Cluster 2 begins at a multiple of this many bytes. @default 4096 */
  readonly alignment?: number;
  /** Entries of FAT16's root directory. @default 512 */
  readonly rootEntries?: number;
}

/**
 * A geometry for `need(clusterSize)` clusters, with a count of clusters that every driver reads as the same type.
 *
 * @throws TOO_LARGE when the content does not fit the given size, or no FAT volume can have that size
 */
export function fatGeometry(need: (clusterSize: number) => number, sizing: FatSizing): FatGeometry {
  let best: FatGeometry | undefined;
  for (const type of kinds(sizing)) {
    for (const clusterSize of sizing.clusterSize === undefined ? CLUSTER_SIZES : [sizing.clusterSize]) {
      const geometry =
        sizing.size === undefined ? grow(type, clusterSize, need(clusterSize), sizing) : divide(type, clusterSize, sizing.size, sizing);
      if (!geometry || geometry.clusters < need(clusterSize)) continue;
      if (sizing.type === undefined && sizing.size === undefined && type === 16 && geometry.size >= LEAST_FAT32) continue;
      if (!best || geometry.size < best.size) best = geometry;
    }
    if (best) return best;
  }
  const got = need(sizing.clusterSize ?? 512) * (sizing.clusterSize ?? 512);
  const limit = sizing.size ?? 2 ** 41;
  throw new LinuxKitError(
    "TOO_LARGE",
    `FAT${sizing.type ?? ""} volume: no valid layout holds ${got} bytes of content in ${limit} bytes: give it a larger size`,
    { what: "FAT volume", limit, got },
  );
}

function kinds({ type, size }: FatSizing): readonly FatType[] {
  if (type !== undefined) return [type];
  return size === undefined || size < LEAST_FAT32 ? [16, 32] : [32, 16];
}

/** The smallest volume with `clusters` clusters, rounded up. */
function grow(type: FatType, clusterSize: number, clusters: number, sizing: FatSizing): FatGeometry | undefined {
  const roundTo = sizing.roundTo ?? 1 << 20;
  const wanted = Math.max(clusters, LEAST_CLUSTERS[type]);
  if (wanted > MOST_CLUSTERS[type]) return undefined;
  for (let size = Math.ceil((wanted * clusterSize) / roundTo) * roundTo; ; size += roundTo) {
    const geometry = divide(type, clusterSize, size, sizing);
    if (geometry && geometry.clusters >= wanted) return geometry;
    if (size > (wanted * clusterSize + (64 << 20)) * 2) return undefined;
  }
}

/** Lays out a volume of a given size; undefined where the type does not allow its count of clusters. */
function divide(type: FatType, clusterSize: number, size: number, sizing: FatSizing): FatGeometry | undefined {
  const sectors = size / SECTOR;
  if (!Number.isInteger(sectors) || sectors > 0xffffffff) return undefined;
  const rootSectors = type === 16 ? Math.ceil((sizing.rootEntries ?? 512) / 16) : 0;
  const least = type === 16 ? 1 : 32;
  // computed from all sectors, so slightly longer than the clusters need, which the specification allows
  const fatSectors = Math.ceil(((Math.floor((sectors * SECTOR) / clusterSize) + 2) * (type / 8)) / SECTOR);
  const alignment = Math.max(sizing.alignment ?? 4096, clusterSize) / SECTOR;
  const dataSector = Math.ceil((least + 2 * fatSectors + rootSectors) / alignment) * alignment;
  const reservedSectors = dataSector - 2 * fatSectors - rootSectors;
  const clusters = Math.floor(((sectors - dataSector) * SECTOR) / clusterSize);
  // near the limit a driver may take the volume for the other type: the bounds keep away from it
  if (clusters < LEAST_CLUSTERS[type] || clusters > MOST_CLUSTERS[type] || reservedSectors > 0xffff || (type === 16 && fatSectors > 0xffff))
    return undefined;
  return { type, size, clusterSize, clusters, reservedSectors, fatSectors, rootSectors, dataStart: dataSector * SECTOR };
}
