import { isCollection, isMap, isNode, isPair, isScalar, isSeq, type Node, parseAllDocuments } from "yaml";
import { printable } from "../core/printable.ts";

/** The comments of LinuxKit YAML, as lines, by what they stand at. */
export interface YamlComments {
  /** At the beginning and the end of the texts. */
  readonly head: readonly string[];
  /** By section: `services`. */
  readonly sections: ReadonlyMap<string, readonly string[]>;
  /** By item: `services web`, `onboot 0`. Those within an item have the path of their field before them. */
  readonly items: ReadonlyMap<string, readonly string[]>;
}

/** Sections whose items the definition has by name. The others keep their order. */
const BY_NAME = new Set(["services", "volumes"]);

/** Reads the comments of texts that are merged as LinuxKit merges them. The texts must be valid. */
export function yamlComments(texts: readonly string[]): YamlComments {
  const head: string[] = [];
  const sections = new Map<string, string[]>();
  const items = new Map<string, string[]>();
  const lengths = new Map<string, number>();
  const add = (to: Map<string, string[]>, key: string, lines: readonly string[]): unknown =>
    to.set(key, [...(to.get(key) ?? []), ...lines]);
  for (const text of texts) {
    const [document] = parseAllDocuments(text, { version: "1.2" });
    if (!document || !("contents" in document) || !isMap(document.contents)) continue;
    head.push(...linesOf(document.commentBefore), ...linesOf(document.contents.commentBefore));
    for (const [place, { key, value }] of document.contents.items.entries()) {
      const section = isScalar(key) ? String(key.value) : "";
      const above = isNode(key) ? (key.commentBefore ?? "") : "";
      // before the first section, what an empty line sets apart is about the whole
      const paragraphs = place === 0 ? above.split(/\n[ \t]*\n/) : [above];
      for (const paragraph of paragraphs.slice(0, -1)) head.push(...linesOf(paragraph));
      add(sections, section, linesOf(paragraphs.at(-1)));
      if (!isNode(value)) continue;
      if (!isSeq(value)) {
        for (const found of commentsIn(value)) add(sections, section, found);
        continue;
      }
      const first = lengths.get(section) ?? 0;
      lengths.set(section, first + value.items.length);
      for (const [index, item] of value.items.entries()) {
        if (!isNode(item)) continue;
        const at = `${section} ${BY_NAME.has(section) ? nameOf(item) : first + index}`;
        // what stands before the first item is read as standing before the list
        if (index === 0) add(items, at, linesOf(value.commentBefore));
        for (const found of commentsIn(item)) add(items, at, found);
      }
      add(sections, section, linesOf(value.comment));
    }
    head.push(...linesOf(document.contents.comment), ...linesOf(document.comment));
  }
  return { head, sections, items };
}

function* commentsIn(node: Node, path: readonly string[] = []): Generator<string[]> {
  const at = (text: string | null | undefined): string[] =>
    linesOf(text).map((line, index) => (index === 0 && path.length > 0 ? `${path.join(".")}: ${line}` : line));
  yield at(node.commentBefore);
  for (const item of isCollection(node) ? node.items : []) {
    if (!isPair(item)) {
      if (isNode(item)) yield* commentsIn(item, path);
      continue;
    }
    const below = [...path, isScalar(item.key) ? String(item.key.value) : ""];
    if (isNode(item.key)) yield* commentsIn(item.key, below);
    if (isNode(item.value)) yield* commentsIn(item.value, below);
  }
  yield at(node.comment);
}

function nameOf(item: Node): string {
  return isMap(item) ? String(item.get("name")) : "";
}

// a line of a program ends at more characters than one of YAML
function linesOf(comment: string | null | undefined): string[] {
  return (comment ?? "").split("\n").flatMap((line) => (line.trim() === "" ? [] : [printable(line.trim())]));
}
