import type { Shapes } from "./provider-shapes.ts";

/** The entry for the names that a module exports, beside its types' members. */
export const MODULE = "the module";

/** What only some providers have, each as `provider type member`. */
export function differences(providers: Readonly<Record<string, Shapes>>, types: readonly string[]): Set<string> {
  const found = new Set<string>();
  const all = Object.values(providers);
  for (const type of [MODULE, ...types]) {
    const members = (shapes: Shapes): readonly string[] => (type === MODULE ? [...shapes.keys()] : (shapes.get(type) ?? []));
    for (const [name, shapes] of Object.entries(providers)) {
      for (const member of members(shapes))
        if (!all.every((other) => members(other).includes(member))) found.add(`${name} ${type} ${member}`);
    }
  }
  return found;
}

/** Only those whose name every provider has, with different types: `url?: string` and `url: string`. */
export function otherwise(found: ReadonlySet<string>, providers: number): Set<string> {
  const nameOf = (difference: string): string => difference.replace(/^\S+ /, "").replace(/\??: .*/, "");
  return new Set(
    [...found].filter(
      (difference) => difference.includes(": ") && [...found].filter((other) => nameOf(other) === nameOf(difference)).length === providers,
    ),
  );
}

/**
 * A page's table in the same form. Its first column is free; then come the types, a column for each provider, and the
 * reason.
 *
 * @throws for a row without a reason
 */
export function told(page: string, providers: readonly string[]): Set<string> {
  const cellsOf = (line: string): string[] =>
    line
      .split(/(?<!\\)\|/)
      .slice(1, -1)
      .map((cell) => cell.trim());
  const codes = (cell: string): string[] => [...cell.matchAll(/`([^`]+)`/g)].map(([, code = ""]) => code.replaceAll("\\|", "|"));
  const lines = page.split("\n");
  const head = lines.findIndex((line) => line.startsWith(`| what | of | ${providers.join(" | ")} | why |`));
  if (head < 0) throw new Error(`the page has no table of ${providers.join(", ")}`);
  const found = new Set<string>();
  for (const line of lines.slice(head + 2)) {
    if (!line.startsWith("|")) break;
    const [what, of = "", ...rest] = cellsOf(line);
    const why = rest.pop();
    if (!what || !why || rest.length !== providers.length) throw new Error(`no whole row: ${line}`);
    for (const type of of === MODULE ? [MODULE] : codes(of)) {
      for (const [index, provider] of providers.entries())
        for (const member of codes(rest[index] ?? "")) found.add(`${provider} ${type} ${member}`);
    }
  }
  return found;
}
