/* What the product's sources import, read from their text. */
import { readFileSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { posix } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/** One module that a source names. */
export interface Import {
  /** As the source writes it. */
  readonly name: string;
  /** The path of the project's own file, from the root; undefined for a package. */
  readonly target: string | undefined;
  /** A type: erased before the program runs. */
  readonly isType: boolean;
  /** `import("x")`: loaded when the code runs. */
  readonly isDynamic: boolean;
}

/** Every source of the product, from the root: `sdk/core/arch.ts`. */
export async function sources(): Promise<string[]> {
  const found: string[] = [];
  for (const top of ["sdk", "providers"]) {
    const names = await readdir(posix.join(ROOT, top), { recursive: true });
    found.push(...names.filter((name) => name.endsWith(".ts")).map((name) => `${top}/${name}`));
  }
  return found.sort();
}

/** The folder that a rule names: two levels below the root, or three if the third is a plugin half. */
export function folderOf(file: string): string {
  const [top, second, third] = posix.dirname(file).split("/") as [string, string?, string?];
  if (!second) return top;
  return third === "plugin" ? `${top}/${second}/plugin` : `${top}/${second}`;
}

/** Every module that a source names: `import … from "x"`, `export … from "x"`, `import "x"`, `import("x")`, and a worker's. */
export function importsOf(file: string): Import[] {
  const text = readFileSync(posix.join(ROOT, file), "utf8");
  const named = [...text.matchAll(/^(?:import|export)\b([^"`;]*?)\bfrom "([^"]+)";/gm)].map(([, what = "", name = ""]) => ({
    name,
    isType: isTypeOnly(what.trim()),
    isDynamic: false,
  }));
  const bare = [...text.matchAll(/^import "([^"]+)";/gm)].map(([, name = ""]) => ({ name, isType: false, isDynamic: false }));
  const dynamic = [...text.matchAll(/(typeof )?\bimport\("([^"]+)"\)/g)].map(([, type, name = ""]) => ({
    name,
    isType: type !== undefined,
    isDynamic: true,
  }));
  // a worker thread loads its module like a program
  const workers = [...text.matchAll(/new URL\(`(\.[^`$]+)\$\{/g)].map(([, stem = ""]) => ({
    name: `${stem}.ts`,
    isType: false,
    isDynamic: true,
  }));
  return [...named, ...bare, ...dynamic, ...workers].map((found) => ({
    ...found,
    target: found.name.startsWith(".") ? posix.join(posix.dirname(file), found.name) : undefined,
  }));
}

function isTypeOnly(what: string): boolean {
  if (/^type\b/.test(what)) return true;
  return (
    what.startsWith("{") &&
    what
      .slice(1, -1)
      .split(",")
      .filter((name) => name.trim() !== "")
      .every((name) => /^\s*type\b/.test(name))
  );
}

/** The project's files that a module loads, itself included; with `onCall` also what it loads later, with `types` also its type imports. */
export function closure(
  entry: string,
  { onCall = false, types = false }: { readonly onCall?: boolean; readonly types?: boolean } = {},
): Set<string> {
  const reached = new Set<string>();
  const next = [entry];
  for (let file = next.pop(); file !== undefined; file = next.pop()) {
    if (reached.has(file)) continue;
    reached.add(file);
    for (const { target, isType, isDynamic } of importsOf(file)) {
      if (target !== undefined && (types || !isType) && (onCall || !isDynamic)) next.push(target);
    }
  }
  return reached;
}

/** Groups of files that import each other in a circle (Tarjan, "Depth-first search and linear graph algorithms", 1972). */
export function circles(files: readonly string[], importedBy: (file: string) => readonly string[] = targetsOf): string[][] {
  const order = new Map<string, number>();
  const stack: string[] = [];
  const found: string[][] = [];
  const visit = (file: string): number => {
    const number = order.size;
    order.set(file, number);
    stack.push(file);
    let low = number;
    for (const target of importedBy(file)) {
      if (!order.has(target)) low = Math.min(low, visit(target));
      else if (stack.includes(target)) low = Math.min(low, order.get(target) as number);
    }
    if (low === number) {
      const group = stack.splice(stack.indexOf(file));
      if (group.length > 1) found.push(group.sort());
    }
    return low;
  };
  for (const file of files) if (!order.has(file)) visit(file);
  return found;
}

function targetsOf(file: string): string[] {
  return importsOf(file).flatMap(({ target }) => target ?? []);
}
