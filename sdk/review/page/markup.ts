import { printable } from "../../core/printable.ts";

const HTML = Symbol("markup");

/** HTML of a page. Only {@link markup} makes it, so that no text from outside passes as HTML. */
export interface Markup {
  readonly [HTML]: string;
}

type Part = string | number | undefined | Markup | readonly Markup[];

/**
 * Writes HTML. What a template's parts enclose is text: its control characters become visible, and `& < > " '` become
 * references (HTML, 13.3), so it may stand in an element or in a quoted attribute. Only markup is put in as it is.
 */
export function markup(template: TemplateStringsArray, ...parts: readonly Part[]): Markup {
  const texts = parts.map((part, index) => `${htmlOf(part)}${template[index + 1] ?? ""}`);
  return Object.freeze({ [HTML]: `${template[0] ?? ""}${texts.join("")}` });
}

/** The text of a page. */
export function textOf(page: Markup): string {
  return page[HTML];
}

function htmlOf(part: Part): string {
  if (part === undefined) return "";
  if (typeof part === "object") return "map" in part ? part.map((one) => one[HTML]).join("") : part[HTML];
  return printable(String(part)).replace(/[&<>"']/g, (sign) => ENTITIES[sign] as string);
}

const ENTITIES: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };
