/** Something that takes up bytes: an operating system, a part of it, a package, a file. */
export interface Holding {
  readonly name: string;
  readonly bytes: number;
  /** What it consists of. @default nothing is known of that */
  readonly parts?: readonly Holding[];
}

/** A holding whose bytes are the sum of its parts, the largest first. */
export function sumOf(name: string, parts: readonly Holding[]): Holding {
  return { name, bytes: parts.reduce((sum, { bytes }) => sum + bytes, 0), parts: parts.toSorted(bySize) };
}

export function bySize(a: Holding, b: Holding): number {
  return b.bytes - a.bytes || (a.name < b.name ? -1 : 1);
}

/** A file of a tree, and what it belongs to. */
export interface HeldFile {
  readonly path: string;
  readonly bytes: number;
  /** The path of the part: `services.web`. */
  readonly part: string;
  /** @default the folder that it is in */
  readonly package?: string | undefined;
}

/** Files by part and package. */
export function heldFiles(name: string, files: Iterable<HeldFile>): Holding {
  const parts = new Map<string, Map<string, Holding[]>>();
  for (const { path, bytes, part, package: owner = folderOf(path) } of files) {
    const packages = parts.get(part) ?? new Map<string, Holding[]>();
    parts.set(part, packages);
    const held = packages.get(owner) ?? [];
    packages.set(owner, held);
    held.push({ name: path, bytes });
  }
  return sumOf(
    name,
    [...parts].map(([part, packages]) =>
      sumOf(
        part,
        [...packages].map(([owner, held]) => sumOf(owner, held)),
      ),
    ),
  );
}

/** The folder that stands for a file of no package: `/usr/lib`. */
function folderOf(path: string): string {
  return `/${path.split("/").filter(Boolean).slice(0, -1).slice(0, 3).join("/")}`;
}
