import type { TreePath } from "./conformance.ts";

/** A deliberate difference from LinuxKit's tree: a row of docs/linuxkit.md. */
export interface Difference {
  /** The cases that differ. @default all */
  readonly cases?: readonly string[];
  readonly paths: RegExp;
  readonly why: string;
  /** The path in this library's tree; undefined where it is absent. */
  readonly ours: TreePath | undefined;
}

const ROOTS_FOLDER: TreePath = { type: "dir", mode: "0755", uid: 0, gid: 0 };

export const DIFFERENCES: readonly Difference[] = [
  { paths: /(^|\/)etc\/opaque\/a$/, why: "an opaque directory hides what lower layers have in it (image-spec)", ours: undefined },
  {
    cases: ["files"],
    paths: /^var(\/lib)?$/,
    why: "a file's parents are not the file's owner's, nor do they change what an image made",
    ours: ROOTS_FOLDER,
  },
  { cases: ["files-metadata", "files-over-image"], paths: /^etc$/, why: "a file's mode does not close /etc", ours: ROOTS_FOLDER },
  { cases: ["users-by-name"], paths: /^srv$/, why: "a file's parents are root's", ours: ROOTS_FOLDER },
  {
    cases: ["volumes"],
    paths: /^containers\/volumes\/fixed\/tmp$/,
    why: "a read-only volume has no layer that could be written",
    ours: undefined,
  },
];

/** This library's tree of a case, derived from LinuxKit's. */
export function withDifferences(name: string, tree: Readonly<Record<string, TreePath>>): Record<string, TreePath> {
  const ours = Object.entries(tree).map(([path, theirs]): [string, TreePath | undefined] => {
    const difference = DIFFERENCES.find(({ cases, paths }) => (cases?.includes(name) ?? true) && paths.test(path));
    return [path, difference ? difference.ours : theirs];
  });
  return Object.fromEntries(ours.filter((row): row is [string, TreePath] => row[1] !== undefined));
}
