import type { EntryType } from "../archive/entry.ts";

/** What stands at a path of a tree. */
export interface TreeNode {
  readonly type: EntryType;
  /** The target of a symlink. */
  readonly link?: string | undefined;
}

/** Links that are followed from one to the next, as the kernel follows (path_resolution(7)). */
const MOST_LINKS = 40;

/** Where a path leads: to a node, or to a path that is not there. */
export type Followed = { readonly path: string } | { readonly missing: string };

/**
 * Follows a path through a tree's links, inside its root (path_resolution(7)).
 *
 * @param path relative to the root
 * @param get the node at a path without links; folders above a node need not be there
 */
export function followPath(path: string, get: (path: string) => TreeNode | undefined): Followed {
  let rest = partsOf(path);
  let done: string[] = [];
  let links = 0;
  while (rest.length > 0) {
    const part = rest.shift() as string;
    if (part === "..") {
      done.pop();
      continue;
    }
    const here = [...done, part];
    const node = get(here.join("/"));
    if (node?.type !== "symlink" || node.link === undefined) {
      done = here;
      continue;
    }
    if (++links > MOST_LINKS) return { missing: here.join("/") };
    if (node.link.startsWith("/")) done = [];
    rest = [...partsOf(node.link), ...rest];
  }
  const end = done.join("/");
  return end === "" || get(end) !== undefined ? { path: end } : { missing: end };
}

function partsOf(path: string): string[] {
  return path.split("/").filter((part) => part !== "" && part !== ".");
}
