import type { Facts } from "../fact.ts";
import { type Markup, markup } from "./markup.ts";

/** Which container has which capability, as a table. */
export function capabilitiesSection(facts: Facts, before: Facts | undefined): readonly Markup[] {
  const [held, was] = [capabilities(facts), before && capabilities(before)];
  const names = [...new Set([...held, ...(was ?? [])].flatMap(([, own]) => [...own]))].sort();
  const parts = [...new Set([...held.keys(), ...(was?.keys() ?? [])])].sort();
  const having = parts.filter((part) => (held.get(part)?.size ?? 0) + (was?.get(part)?.size ?? 0) > 0);
  const without = parts.filter((part) => !having.includes(part) && held.has(part));
  const cell = (part: string, name: string): Markup => {
    const [has, had] = [held.get(part)?.has(name) ?? false, was?.get(part)?.has(name) ?? false];
    if (was && has && !had) return markup`<td class="added">+ added</td>`;
    if (was && had && !has) return markup`<td class="removed">− removed</td>`;
    return has ? markup`<td>yes</td>` : markup`<td></td>`;
  };
  const table = markup`<div class="wide" tabindex="0" role="region" aria-label="Table of capabilities"><table class="matrix"><caption>Capabilities of each container (capabilities(7))</caption><thead><tr><td></td>${having.map((part) => markup`<th scope="col">${part}</th>`)}</tr></thead><tbody>${names.map((name) => markup`<tr><th scope="row">${name}</th>${having.map((part) => cell(part, name))}</tr>`)}</tbody></table></div>`;
  return [
    ...(having.length > 0 ? [table] : []),
    ...(without.length > 0 ? [markup`<p>Without any capability: ${without.join(", ")}.</p>`] : []),
  ];
}

/** The capabilities of each container, by its path. */
function capabilities(facts: Facts): ReadonlyMap<string, ReadonlySet<string>> {
  const found = new Map<string, Set<string>>();
  for (const { rule, part, name } of facts.values()) {
    if (rule === "container") found.set(part, found.get(part) ?? new Set());
    if (rule === "capability") found.set(part, (found.get(part) ?? new Set()).add(name));
  }
  return found;
}
