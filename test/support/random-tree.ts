import { directoryEntry, type Entry, fileEntry, symlinkEntry } from "../../sdk/archive/entry.ts";
import type { Random } from "./random.ts";

/** Lengths at which a record, a field or a block of some format ends, and those beside them. */
const EDGES = [1, 8, 98, 99, 100, 101, 155, 247, 248, 249, 250, 254, 255];
const TARGET_EDGES = [
  1, 59, 60, 99, 100, 101, 245, 247, 250, 255, 256, 1018, 1023, 1024, 1025, 1990, 2018, 2020, 2040, 2047, 2048, 2049, 3000, 4090, 4095,
];
const SIZE_EDGES = [0, 1, 511, 512, 513, 2047, 2048, 2049, 4095, 4096, 4097, 65_535, 65_536, 65_537];

/** What a random tree may hold. */
export interface RandomTreeOptions {
  /** @default true */
  readonly symlinks?: boolean;
  /** Longest path from the root, in bytes. @default 3000 */
  readonly longestPath?: number;
  /** Longest name, in bytes. @default 255 */
  readonly longestName?: number;
  /** Longest target of a symlink, in bytes; at most 4095, which is Linux's limit. @default 4095 */
  readonly longestTarget?: number;
}

/** A tree whose names, targets, sizes and depths lie at the boundaries of records. Every path is there once. */
export function randomTree(
  random: Random,
  { symlinks = true, longestPath = 3000, longestName = 255, longestTarget = 4095 }: RandomTreeOptions = {},
): Entry[] {
  const entries = new Map<string, Entry>();
  const folders = [""];
  const count = 5 + random.below(60);
  for (let at = 0; at < count; at++) {
    const folder = random.pick(folders);
    const path = `${folder}${nameOf(random, at, longestName)}`;
    if (path.length > longestPath || entries.has(path)) continue;
    const mode = random.pick([0o644, 0o600, 0o755, 0o444]);
    const kind = random.below(symlinks ? 4 : 2);
    if (kind === 0) {
      entries.set(path, directoryEntry(path, 0o755));
      folders.push(`${path}/`);
    } else if (kind === 1) entries.set(path, fileEntry(path, random.bytes(near(random, SIZE_EDGES)), mode));
    else entries.set(path, symlinkEntry(path, targetOf(random, longestTarget)));
  }
  return [...entries.values()];
}

/** Within two of an edge, and sometimes anything below it. */
function near(random: Random, edges: readonly number[]): number {
  const edge = random.pick(edges);
  const length = random.chance(0.2) ? random.below(edge + 1) : edge + random.below(5) - 2;
  return Math.max(edges === SIZE_EDGES ? 0 : 1, Math.min(Math.max(...edges), length));
}

function nameOf(random: Random, at: number, longest: number): string {
  const mark = `${at}`;
  return `${mark}${random.pick(["n", "N", ".", " ", "x"]).repeat(Math.max(0, near(random, EDGES) - mark.length - 1))}z`.slice(0, longest);
}

/** A path of components that end at the edges, too. */
function targetOf(random: Random, longest: number): string {
  const length = near(
    random,
    TARGET_EDGES.filter((edge) => edge <= longest),
  );
  let target = random.pick(["", "/", "../", "./", "../../"]);
  while (target.length < length) target += `${"t".repeat(Math.min(near(random, EDGES), 255))}${random.pick(["/", "/", "/../", "/./"])}`;
  return target.slice(0, length).replace(/\/+$/, (slashes) => "u".repeat(slashes.length));
}
