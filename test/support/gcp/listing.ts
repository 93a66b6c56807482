/**
 * Plays pages and filters of lists.
 *
 * Source: Compute Engine API, the list methods (`filter`, `maxResults`, `pageToken`).
 * Assumed: the form of page tokens; only the filters that the code sends.
 */
import { createHash } from "node:crypto";
import { GoogleRefusal, invalid } from "./refusal.ts";
import type { Json } from "./schemas.ts";

/** One page of a list, by `filter`, `maxResults` and `pageToken`. */
export function page(items: readonly Json[], query: URLSearchParams): { readonly items: Json[]; readonly nextPageToken?: string } {
  const most = Number(query.get("maxResults") ?? 500);
  if (!Number.isInteger(most) || most < 0 || most > 500)
    throw invalid("maxResults", query.get("maxResults"), "Value must be in the range [0, 500].");
  const found = items.filter(filterOf(query.get("filter")));
  const token = query.get("pageToken");
  const from = token === null ? 0 : found.findIndex((_, at) => tokenOf(at) === token);
  if (from < 0) throw invalid("pageToken", token, "The page token is not valid.");
  const to = from + (most || 500);
  return { items: found.slice(from, to), ...(to < found.length && { nextPageToken: tokenOf(to) }) };
}

function tokenOf(at: number): string {
  return createHash("sha256").update(`page ${at}`).digest("base64url");
}

/** Parses filters such as `labels.a=b AND name="c"`. Other forms are refused. */
function filterOf(filter: string | null): (item: Json) => boolean {
  if (!filter) return () => true;
  const clauses = filter.split(/\s+AND\s+|\s+(?=\()/).map((clause) => {
    const [, path, operator, value = ""] = /^\(?\s*([\w.-]+)\s*(=|!=|:|eq|ne)\s*"?([^"()]*)"?\s*\)?$/.exec(clause) ?? [];
    if (path === undefined) throw new GoogleRefusal(400, "invalid", "Invalid value for field 'filter': Invalid list filter expression.");
    return (item: Json): boolean => {
      const got = path.split(".").reduce((at, key) => at?.[key], item);
      if (operator === ":") return value === "*" ? got !== undefined : String(got ?? "").includes(value);
      return (String(got ?? "") === value) === (operator === "=" || operator === "eq");
    };
  });
  return (item) => clauses.every((clause) => clause(item));
}
