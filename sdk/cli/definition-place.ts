import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { type Step, valueAt } from "../core/property-path.ts";
import type { Definition } from "../definition/definition.ts";
import { parseYaml } from "../definition/yaml-document.ts";

/** A place in a file; lines and columns are counted from 1. */
export interface Place {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** Finds where a definition says something. */
export type FindPlace = (steps: readonly Step[]) => Place | undefined;

/**
 * How to find places in a definition's file. YAML has each value at its place. A program is only text here: the place is that of
 * the value's literal behind the name of its part, in the file or a module that it imports by a relative path. A value that
 * the program computes has the place of its part, or none.
 */
export async function definitionPlaces(file: string, definition: Definition): Promise<FindPlace> {
  if (!existsSync(file)) return () => undefined;
  const text = await readFile(file, "utf8");
  if (/\.ya?ml$/.test(file)) return yamlPlaces(file, text);
  const sources = await modules(file, text);
  return (steps) => literalPlace(sources, definition, steps);
}

function yamlPlaces(file: string, text: string): FindPlace {
  const parsed = parseYaml(text, file);
  if (!("document" in parsed)) return () => undefined;
  const { document } = parsed;
  return ([section = "", name = "", ...rest]) => {
    const list = document.value[section as keyof typeof document.value];
    // services and volumes are lists there
    const index = Array.isArray(list) ? list.findIndex((one: { name?: string }) => typeof one === "object" && one.name === name) : -1;
    const steps = index < 0 ? [section, name, ...rest] : [section, index, ...rest];
    return { file, ...document.place(steps.filter((step) => step !== "")) };
  };
}

interface SourceText {
  readonly file: string;
  readonly text: string;
}

/** The most modules that are searched. */
const MOST = 50;

/** A program and the modules that it imports by relative paths. */
async function modules(file: string, text: string): Promise<readonly SourceText[]> {
  const found = new Map<string, SourceText>([[file, { file, text }]]);
  for (const { file: from, text: source } of found.values()) {
    for (const [, path = ""] of source.matchAll(/\bfrom\s*["'](\.\.?\/[^"']+)["']/g)) {
      const imported = join(dirname(from), path);
      if (found.size >= MOST || found.has(imported) || !existsSync(imported)) continue;
      found.set(imported, { file: imported, text: await readFile(imported, "utf8") });
    }
  }
  return [...found.values()];
}

function literalPlace(sources: readonly SourceText[], definition: Definition, steps: readonly Step[]): Place | undefined {
  const [section, name] = steps;
  const part =
    typeof name === "string" && valueAt(definition, [section as Step, name]) !== undefined ? name : nameAt(definition, section, name);
  // a part without a name of its own begins with its field
  const own = part === undefined ? new RegExp(`\\b${escaped(String(section))}\\s*:`) : literal(part);
  const wanted = literalOf(valueAt(definition, steps), steps.at(-1));
  for (const { file, text } of sources) {
    const start = text.search(own);
    if (start < 0) continue;
    const at = wanted === undefined ? -1 : text.slice(start).search(wanted);
    return placeAt(file, text, at < 0 ? start : start + at);
  }
  return undefined;
}

function nameAt(definition: Definition, section: Step | undefined, index: Step | undefined): string | undefined {
  const item = valueAt(definition, [section ?? "", index ?? ""]);
  const { name, path } = (typeof item === "object" && item !== null ? item : {}) as { name?: string; path?: string };
  return name ?? path;
}

/** The literal of a value: a text in quotes, or a number behind its field. */
function literalOf(value: unknown, field: Step | undefined): RegExp | undefined {
  if (typeof value === "string") return literal(value);
  if (typeof value === "number" && typeof field === "string") return new RegExp(`\\b${escaped(field)}\\s*:\\s*${value}\\b`);
  return undefined;
}

function literal(text: string): RegExp {
  return new RegExp(`(["'\`])/?${escaped(text.replace(/^\//, ""))}\\1`);
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\/]/g, "\\$&");
}

function placeAt(file: string, text: string, offset: number): Place {
  const before = text.slice(0, offset);
  const lines = before.split("\n");
  return { file, line: lines.length, column: (lines.at(-1)?.length ?? 0) + 1 };
}
