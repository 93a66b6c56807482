import type { Fact, Facts } from "./fact.ts";
import { openInitrd, placeOf } from "./held/initrd.ts";
import { differs } from "./tree/diff-trees.ts";
import { recordFacts } from "./tree/facts.ts";
import { type RecordedTree, recordTree } from "./tree/record.ts";

/** The facts in which the files of two builds differ. */
export interface BuiltTrees {
  readonly before: Facts;
  readonly after: Facts;
}

/**
 * Compares the files of two builds, path by path, each in the part that it belongs to. No line of a file is in them, and of files
 * that no image has, as `config.json`, no digest: a definition may hold secrets, and a short one could be guessed from it.
 *
 * @param before the path of the initrd's file
 * @throws as `openInitrd`
 */
export async function builtTrees(before: string, after: string): Promise<BuiltTrees> {
  const [old, now] = [await recordTree(openInitrd(before)), await recordTree(openInitrd(after))];
  const paths = [...new Set([...old.records.keys(), ...now.records.keys()])].filter((path) => differs(path, old, now));
  return { before: treeFacts(old, paths), after: treeFacts(now, paths) };
}

function treeFacts({ records }: RecordedTree, paths: readonly string[]): Facts {
  const found = paths.flatMap((path): readonly Fact[] => {
    const record = records.get(path);
    if (!record) return [];
    const placed = placeOf(path);
    const facts = recordFacts(placed.part, placed.path, record);
    return placed.isOfImage ? facts : facts.map((fact) => (fact.rule === "tree-contents" ? { ...fact, secret: true as const } : fact));
  });
  return new Map(found.map((fact) => [fact.path, fact]));
}
