import { type Document, isAlias, isMap, isScalar, isSeq, LineCounter, type Node, parseAllDocuments, visit } from "yaml";
import type { Step } from "../core/property-path.ts";
import { type Failure, failure } from "../core/failure.ts";
import { failuresOf } from "./failures-of.ts";
import { type Yaml, yamlSchema } from "./yaml-schema.ts";

/** One parsed text of LinuxKit YAML, and where everything in it stands. */
export interface YamlDocument {
  /** Its name in messages. */
  readonly source: string;
  readonly value: Yaml;
  /** The line, from 1, of the value at these steps, or of its nearest parent if it is missing. */
  line(steps: readonly Step[]): number;
  /** As `line`, with the column, from 1. */
  place(steps: readonly Step[]): { readonly line: number; readonly column: number };
}

/** Parses one text, and checks it by LinuxKit's schema. */
export function parseYaml(
  text: string,
  source: string,
): { readonly document: YamlDocument } | { readonly failures: readonly LocatedFailure[] } {
  const lines = new LineCounter();
  const documents = parseAllDocuments(text, {
    lineCounter: lines,
    version: "1.2",
    merge: true,
    uniqueKeys: true,
    customTags: (tags) => [OLD_OCTAL, ...tags],
    prettyErrors: false,
  });
  const line = (offset: number): number => lines.linePos(offset).line;
  const placeOf = (offset: number): { readonly line: number; readonly column: number } => {
    const { line: row, col: column } = lines.linePos(offset);
    return { line: row, column };
  };
  const [parsed, ...others] = documents;
  // a line "---" at the end begins a document of nothing
  const another = others.find(
    ({ contents, errors }) => errors.length > 0 || (contents !== null && !(isScalar(contents) && contents.value === null)),
  );
  if (!Array.isArray(documents) || parsed === undefined || parsed.contents === null)
    return { failures: [unlocated(`${source}: it is empty, wanted LinuxKit's YAML`)] };
  if (parsed.errors.length > 0)
    return { failures: parsed.errors.map((error) => unlocated(`${source}:${line(error.pos[0])}: not YAML: ${lowerFirst(error.message)}`)) };
  if (another)
    return { failures: [unlocated(`${source}:${line(another.range[0])}: a second document begins here, wanted one in each text`)] };
  const document: YamlDocument = {
    source,
    value: {},
    line: (steps) => line(offsetOf(parsed, steps)),
    place: (steps) => placeOf(offsetOf(parsed, steps)),
  };
  const template = templateIn(parsed);
  if (template)
    return {
      failures: [
        unlocated(
          `${source}:${line(template.offset)}: ${template.text} names a package's folder, which only LinuxKit itself can turn into an image; wanted the image's reference`,
        ),
      ],
    };
  let value: unknown;
  try {
    value = parsed.toJS({ maxAliasCount: 1000 });
  } catch (error) {
    return { failures: [unlocated(`${source}: not YAML: ${lowerFirst((error as Error).message)}`)] };
  }
  const failures = failuresOf(yamlSchema, value);
  if (failures.length > 0) return { failures: failures.map((found) => located(document, found, value)) };
  return { document: { ...document, value: value as Yaml } };
}

/** A failure with its place in the text. */
export interface LocatedFailure extends Pick<Failure, "path" | "message"> {
  /** One line of an error's message: `os.yml:12: services.web.binds[0]: got …, wanted …`. */
  readonly line: string;
}

/** Finds a failure in its text. */
export function located(document: Pick<YamlDocument, "source" | "line">, { steps, message }: Failure, value: unknown): LocatedFailure {
  const [section, index, ...rest] = steps;
  const name = typeof index === "number" ? nameAt(value, String(section), index) : undefined;
  const { path } = failure(name === undefined ? steps : [section as Step, name, ...rest], message);
  return { path, message, line: `${document.source}:${document.line(steps)}: ${path === "" ? "" : `${path}: `}${message}` };
}

/** A failure of a text as a whole: it has no path. */
function unlocated(line: string): LocatedFailure {
  return { path: "", message: line, line };
}

// an item of a list is easier to find by its name
function nameAt(value: unknown, section: string, index: number): string | undefined {
  const item = (value as Record<string, { name?: unknown; path?: unknown }[]>)[section]?.[index];
  const name = section === "files" ? item?.path : item?.name;
  return typeof name === "string" ? name : undefined;
}

// Go's YAML reads 0644 as octal, YAML 1.2 as decimal
const OLD_OCTAL = {
  tag: "tag:yaml.org,2002:int",
  default: true,
  test: /^[-+]?0[0-7_]+$/,
  resolve: (text: string): number => {
    const digits = Number.parseInt(text.replace(/[-+_]/g, ""), 8);
    return text.startsWith("-") ? -digits : digits;
  },
} as const;

function offsetOf(document: Document.Parsed, steps: readonly Step[]): number {
  let node: Node | null | undefined = document.contents;
  let offset = node?.range?.[0] ?? 0;
  for (const step of steps) {
    if (isAlias(node)) node = node.resolve(document);
    if (isMap(node)) {
      const pair = node.items.find(({ key }) => isScalar(key) && key.value === step);
      if (!pair) return offset;
      offset = (pair.key as Node).range?.[0] ?? offset;
      node = pair.value as Node | null;
    } else if (isSeq(node) && typeof step === "number" && node.items[step]) {
      node = node.items[step] as Node;
      offset = node.range?.[0] ?? offset;
    } else {
      return offset;
    }
  }
  return offset;
}

function templateIn(document: Document.Parsed): { readonly text: string; readonly offset: number } | undefined {
  let found: { text: string; offset: number } | undefined;
  visit(document, {
    Scalar: (_, { value, range }) => {
      if (typeof value !== "string" || !value.startsWith("@pkg:")) return undefined;
      found = { text: value, offset: range?.[0] ?? 0 };
      return visit.BREAK;
    },
  });
  return found;
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1).replace(/\s+/g, " ");
}
