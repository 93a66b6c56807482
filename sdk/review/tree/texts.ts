import { isUtf8 } from "node:buffer";
import type { Entry } from "../../archive/entry.ts";
import { collect } from "../../core/bytes.ts";
import { secretIn } from "../../policy/rules/secrets.ts";
import type { RecordedTree } from "./record.ts";

/** Bytes of a text that is compared line by line, and of all such texts of one tree. */
const LONGEST = 256 << 10;
const ALL = 32 << 20;

/** The texts at some paths of a tree, in the order of the tree, as many as fit into memory. */
export async function readTexts(
  entries: AsyncIterable<Entry>,
  { records, links }: RecordedTree,
  wanted: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  const byFile = new Map<string, string[]>();
  for (const path of wanted) {
    const { kind, size = Number.POSITIVE_INFINITY } = records.get(path) ?? {};
    if (kind !== "file" || size > LONGEST) continue;
    const file = links.get(path) ?? path;
    byFile.set(file, [...(byFile.get(file) ?? []), path]);
  }
  const texts = new Map<string, string>();
  let total = 0;
  for await (const { path, size, body } of entries) {
    const paths = byFile.get(path);
    if (!paths || total + size > ALL) continue;
    const bytes = await collect(body, LONGEST, path);
    if (!isUtf8(bytes) || bytes.includes(0)) continue;
    total += size;
    for (const one of paths) texts.set(one, bytes.toString());
  }
  return texts;
}

/** Whether a text of a file must not be shown, and neither its digest: a short one could be guessed from it. */
export function isSecretText(text: string | undefined): boolean {
  return text !== undefined && secretIn(text, false) !== undefined;
}
