import { isPlain } from "../core/deferred.ts";
import { canonicalJson } from "../core/json.ts";
import type { Step } from "../core/property-path.ts";
import type { DebianFileSpec } from "./debian-image.ts";
import type { Definition, FileSpec } from "./definition.ts";
import { plainPath } from "./file.ts";

/** Files by path. A file names its own path only where that is written in another way. */
export type FilesByPath = Readonly<Record<string, Omit<FileSpec, "path"> & { readonly path?: string }>>;

/**
 * A definition as the engine stores and compares it: the files, and those of images made from Debian packages, are keyed by
 * their paths, so that one file more is one difference. A state of an earlier version has lists.
 */
export type KeyedDefinition = Omit<Definition, "files"> & {
  /** Files by path; a list where a path is not known yet. */
  readonly files: FilesByPath | readonly FileSpec[];
  /** The paths in the order of the list. @default folder by folder, by name */
  readonly fileOrder?: readonly string[];
};

/** What the files of a definition hold in secret. A list in which a path is secret stays a list. */
export interface Hidden {
  /** Whether the value at these steps is secret. */
  is(steps: readonly Step[]): boolean;
  /** Marks a secret that gets another path. @default it is not marked */
  mark?(value: unknown): unknown;
}

const NOTHING_HIDDEN: Hidden = { is: () => false };

/** The members of an object. */
export type Members = Readonly<Record<string, unknown>>;

/** A definition with its files by path; what is not known yet stays as it is. Of two files with one path, only the last one counts. */
export function keyFiles(definition: unknown, hidden = NOTHING_HIDDEN, steps: readonly Step[] = []): unknown {
  return isPlain(definition) ? overFileLists(definition as Members, steps, (part, at) => keyed(part, at, hidden)) : definition;
}

/** The definition that {@link keyFiles} has keyed, with its lists. One that has lists stays as it is. */
export function listFiles(definition: unknown): unknown {
  return isPlain(definition) ? overFileLists(definition as Members, [], listed) : definition;
}

/** {@link listFiles} for a definition that a check let through. */
export function definitionOf(stored: KeyedDefinition | Definition): Definition {
  return listFiles(stored) as Definition;
}

/** The steps of a file in the keyed form, from its steps in the list. */
export function keyedSteps(stored: unknown, [...steps]: readonly Step[]): Step[] {
  let here: unknown = stored;
  for (const [index, step] of steps.entries()) {
    if (!isPlain(here)) break;
    const members = here as Members;
    const next = members[step];
    const place = steps[index + 1];
    if (step === "files" && isPlain(next) && typeof place === "number") {
      const path = orderOf(members)[place];
      return path === undefined ? steps : [...steps.slice(0, index + 1), path, ...steps.slice(index + 2)];
    }
    here = next;
  }
  return steps;
}

/** Whether a difference in `fileOrder` is more than that files came or went: those that both have stand in another order. */
export function orderMoved(before: unknown, after: unknown): boolean {
  const [old, now] = [before, after].map((part) => (isPlain(part) ? orderOf(part as Members) : []));
  const [had, has] = [new Set(old), new Set(now)];
  return canonicalJson(old?.filter((path) => has.has(path))) !== canonicalJson(now?.filter((path) => had.has(path)));
}

/** A list of files of a definition. */
export interface FileList {
  /** Its place: no steps for the machine's own, else those of the recipe of an image. */
  readonly steps: readonly Step[];
  /** What it holds, as far as it is known. */
  readonly files: readonly (FileSpec | DebianFileSpec)[];
}

/** Every list of files of a definition: its own, and those of images made from packages. */
export function fileListsOf(definition: Definition): FileList[] {
  const found: FileList[] = [];
  overFileLists(definition as unknown as Members, [], (part, steps) => {
    if (Array.isArray(part.files)) found.push({ steps, files: part.files as FileList["files"] });
    return part;
  });
  return found;
}

/**
 * Applies `change` to whatever has a list of files, with its steps: the definition itself, and each image made from packages. What
 * is not known yet stays as it is.
 */
export function overFileLists(
  definition: Members,
  steps: readonly Step[],
  change: (part: Members, steps: readonly Step[]) => Members,
): Members {
  const image = (source: unknown, at: readonly Step[]): unknown => {
    const { debian } = (isPlain(source) ? source : {}) as { debian?: unknown };
    return isPlain(debian) ? { ...(source as object), debian: change(debian as Members, [...at, "debian"]) } : source;
  };
  const container = (value: unknown, at: readonly Step[]): unknown => {
    if (!isPlain(value) || !("image" in value)) return value;
    return { ...value, image: image(value.image, [...at, "image"]) };
  };
  const list = (name: string, each: typeof image): Members => {
    const value = definition[name];
    return Array.isArray(value) ? { [name]: value.map((item, index) => each(item, [...steps, name, index])) } : {};
  };
  const record = (name: string): Members => {
    const value = definition[name];
    if (!isPlain(value)) return {};
    return {
      [name]: Object.fromEntries(Object.entries(value).map(([key, member]) => [key, container(member, [...steps, name, key])])),
    };
  };
  const kernel = definition.kernel === undefined ? {} : { kernel: container(definition.kernel, [...steps, "kernel"]) };
  return change(
    {
      ...definition,
      ...kernel,
      ...list("init", image),
      ...list("onboot", container),
      ...list("onshutdown", container),
      ...record("services"),
      ...record("volumes"),
    },
    steps,
  );
}

function keyed(part: Members, steps: readonly Step[], { is, mark = (value) => value }: Hidden): Members {
  const { files } = part;
  if (!Array.isArray(files) || !files.every(isNamed)) return part;
  const at = (index: number, name: string): Step[] => [...steps, "files", index, name];
  if (files.some((_, index) => is(at(index, "path")))) return part;
  const last = new Map(files.map((file, index) => [keyOf(file.path), index]));
  const order = files.flatMap((file, index) => (last.get(keyOf(file.path)) === index ? [keyOf(file.path)] : []));
  const sorted = order.toSorted(byFolder);
  const entries = sorted.map((key): [string, unknown] => {
    const index = last.get(key) as number;
    const { path, ...rest } = files[index] as { path: string };
    const members = Object.entries(rest).map(([name, value]) => [name, is(at(index, name)) ? mark(value) : value]);
    return [key, { ...(path !== key && { path }), ...Object.fromEntries(members) }];
  });
  const isSorted = order.every((key, index) => key === sorted[index]);
  return { ...part, files: Object.fromEntries(entries), ...(!isSorted && { fileOrder: order }) };
}

function listed(part: Members): Members {
  const { files, fileOrder: _, ...rest } = part;
  if (!isPlain(files)) return part;
  const byPath = files as Readonly<Record<string, object>>;
  return { ...rest, files: orderOf(part).map((path) => (isPlain(byPath[path]) ? { path, ...byPath[path] } : byPath[path])) };
}

/** The paths in the order of the list: first those of `fileOrder`. */
function orderOf({ files, fileOrder }: Members): string[] {
  if (!isPlain(files)) return [];
  const given = Array.isArray(fileOrder) ? [...new Set(fileOrder)].filter((path) => Object.hasOwn(files, path)) : [];
  const known = new Set(given);
  return [
    ...given,
    ...Object.keys(files)
      .filter((path) => !known.has(path))
      .sort(byFolder),
  ];
}

function isNamed(file: unknown): file is { readonly path: string } {
  return isPlain(file) && typeof (file as { path?: unknown }).path === "string";
}

function keyOf(path: string): string {
  return `/${plainPath(path)}`;
}

/** What a folder holds stands right below it. */
function byFolder(a: string, b: string): number {
  const [left, right] = [a.replaceAll("/", "\0"), b.replaceAll("/", "\0")];
  return left < right ? -1 : left > right ? 1 : 0;
}
