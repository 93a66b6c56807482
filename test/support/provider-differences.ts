import type { Shapes } from "./provider-shapes.ts";

/** Where the names are that a module exports, beside the members of its types. */
export const MODULE = "the module";

/** What is in some providers and not in all, each as `provider type member`. */
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

/** Only those of names that every provider has, each in its own way: `url?: string` and `url: string`. */
export function otherwise(found: ReadonlySet<string>, providers: number): Set<string> {
  const nameOf = (difference: string): string => difference.replace(/^\S+ /, "").replace(/\??: .*/, "");
  return new Set(
    [...found].filter(
      (difference) => difference.includes(": ") && [...found].filter((other) => nameOf(other) === nameOf(difference)).length === providers,
    ),
  );
}

/**
 * What a table of a page says, in the same form: its first column is free, then come types, a column for each provider,
 * and the reason.
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
