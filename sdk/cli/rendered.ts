import { type PageContent, page } from "../review/page/page.ts";
import { jsonLines } from "../review/render/json.ts";
import { markdown } from "../review/render/markdown.ts";
import { sarif } from "../review/render/sarif.ts";
import { textLines } from "../review/render/text.ts";
import type { Review } from "../review/review.ts";
import { UsageError } from "./command.ts";

/** The forms in which a review is printed. */
export const FORMATS = ["text", "json", "markdown", "html", "sarif"] as const;

/** A review, and what the page of it shows besides. */
export interface Compared extends Partial<Omit<PageContent, "review" | "title">> {
  readonly review: Review;
}

/** A review as lines. @param file what the results of SARIF point to */
export function rendered(compared: Compared, format: (typeof FORMATS)[number], title: string, file: string): Iterable<string> {
  const { review } = compared;
  switch (format) {
    case "text":
      return textLines(review);
    case "json":
      return jsonLines(review);
    case "sarif":
      return [JSON.stringify(sarif(review, file), null, 2)];
    case "markdown":
      return [markdown(review, title).trimEnd()];
    case "html":
      return [page({ now: {}, ...compared, title }).trimEnd()];
  }
}

/** The word that an option's text is. @throws UsageError */
export function oneOf<W extends string>(text: string, words: readonly W[], option: string): W {
  const found = words.find((word) => word === text);
  if (found === undefined) throw new UsageError(`${option}: got "${text}", wanted one of ${words.join(", ")}`);
  return found;
}
