import type { RecordedTree } from "../tree/record.ts";
import { type Holding, heldFiles } from "./holding.ts";

/** What a tree of files holds: its files by package, each file with several names once. */
export function heldInTree({ records, links, owners }: RecordedTree): Holding {
  const files = [...records].filter(([path, { kind, size }]) => kind === "file" && size > 0 && !links.has(path));
  const held = files.map(([path, { size }]) => ({ path: `/${path}`, bytes: size, part: "image", package: owners.ownerOf(path) }));
  return heldFiles("Files, unpacked", held);
}
