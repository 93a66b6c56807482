import type { Advisories } from "../../advisory/advisory.ts";
import type { Entry } from "../../archive/entry.ts";
import { formatPath, type Step } from "../../core/property-path.ts";
import type { Change } from "../change.ts";
import { diffFacts } from "../diff.ts";
import type { Fact, Facts } from "../fact.ts";
import { lineDiff } from "../line-diff.ts";
import { packageFacts, recordFacts } from "./facts.ts";
import type { RecordedTree } from "./record.ts";
import { isSecretText, readTexts } from "./texts.ts";

/** A tree of files to compare. */
export interface ReviewedTree {
  /** What it is without its contents: {@link recordTree} of its entries. */
  readonly recorded: RecordedTree;
  /** The facts beside its files and packages, as the command of an image. */
  readonly facts: readonly Fact[];
  /** Its entries, each hard link after its file, for the texts that differ. */
  entries(): AsyncIterable<Entry>;
}

/** The most lines of all texts together that a review keeps. */
const MOST_LINES = 20_000;

/**
 * What changes from one tree of files to another: files with their type, mode, owner and contents, and the packages of the
 * databases in them. Memory holds one record for each path, and the texts that differ.
 *
 * @param part the part that they belong to: `["image"]`
 * @param advisories the known faults of packages @default none are known
 */
export async function diffTrees(
  part: readonly Step[],
  before: ReviewedTree,
  after: ReviewedTree,
  advisories?: Advisories,
): Promise<readonly Change[]> {
  const [old, now] = [before.recorded, after.recorded];
  const differing = [...new Set([...old.records.keys(), ...now.records.keys()])].filter((path) => differs(path, old, now));
  const changed = differing.filter((path) => old.records.get(path)?.sha256 !== now.records.get(path)?.sha256);
  const oldTexts = await readTexts(before.entries(), old, changed);
  const newTexts = await readTexts(after.entries(), now, changed);
  const secret = new Set(changed.filter((path) => isSecretText(oldTexts.get(path)) || isSecretText(newTexts.get(path))));
  const factsOf = ({ facts }: ReviewedTree, { records, packages }: RecordedTree): Facts => {
    const found = differing.flatMap((path) => {
      const record = records.get(path);
      return record ? recordFacts(part, path, record).map((fact) => hidden(fact, secret.has(path))) : [];
    });
    return new Map([...facts, ...found, ...packageFacts(part, packages, advisories)].map((fact) => [fact.path, fact]));
  };
  const lines = linesOf(part, changed, (path) => {
    const [from, to] = [old.records.get(path), now.records.get(path)];
    const [one, other] = [oldTexts.get(path), newTexts.get(path)];
    // what only its owner may read is not for the eyes of reviewers
    const isOpen = [from, to].every((record) => record && (record.mode & 0o004) !== 0);
    return isOpen && !secret.has(path) && one !== undefined && other !== undefined ? lineDiff(one, other) : undefined;
  });
  return diffFacts(factsOf(before, old), factsOf(after, now)).map((change) => {
    const found = lines.get(change.path);
    return found ? { ...change, lines: found } : change;
  });
}

/** Whether two trees differ at a path. */
export function differs(path: string, { records: old }: RecordedTree, { records: now }: RecordedTree): boolean {
  const [one, other] = [old.get(path), now.get(path)];
  return (
    one?.kind !== other?.kind ||
    one?.sha256 !== other?.sha256 ||
    one?.mode !== other?.mode ||
    one?.uid !== other?.uid ||
    one?.gid !== other?.gid ||
    one?.xattrs.join() !== other?.xattrs.join()
  );
}

function hidden(fact: Fact, isSecret: boolean): Fact {
  return isSecret && fact.rule === "tree-contents" ? { ...fact, secret: true } : fact;
}

function linesOf(
  part: readonly Step[],
  paths: readonly string[],
  compare: (path: string) => readonly string[] | undefined,
): ReadonlyMap<string, readonly string[]> {
  const lines = new Map<string, readonly string[]>();
  let left = MOST_LINES;
  for (const path of paths) {
    if (left <= 0) break;
    const found = compare(path);
    if (!found) continue;
    left -= found.length;
    lines.set(formatPath([...part, "files", `/${path}`, "contents"]), found);
  }
  return lines;
}
