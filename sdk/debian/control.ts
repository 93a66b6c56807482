import { StringDecoder } from "node:string_decoder";
import type { Bytes } from "../core/bytes.ts";

/** A paragraph of a control file (deb822(5)): field names in lower case; folded values keep their line breaks. */
export type Paragraph = ReadonlyMap<string, string>;

/** Parses one paragraph. Ignores comments, and lines that are neither a field nor a continuation. */
export function parseParagraph(text: string): Paragraph {
  const fields = new Map<string, string>();
  let last: string | undefined;
  for (const line of text.split(/\r?\n/)) {
    if (line.startsWith("#")) continue;
    if ((line.startsWith(" ") || line.startsWith("\t")) && last !== undefined) {
      fields.set(last, `${fields.get(last)}\n${line.trim()}`);
      continue;
    }
    const colon = line.indexOf(":");
    if (colon <= 0) continue;
    last = line.slice(0, colon).toLowerCase();
    fields.set(last, line.slice(colon + 1).trim());
  }
  return fields;
}

/** The texts of the paragraphs of a file. */
export function splitParagraphs(text: string): string[] {
  return text.split(/\r?\n[ \t]*\r?\n\s*/).filter((paragraph) => paragraph.trim() !== "");
}

/** The texts of the paragraphs of a stream, in batches: one for each chunk that completes a paragraph. */
export async function* readParagraphs(source: Bytes): AsyncGenerator<string[]> {
  const decoder = new StringDecoder("utf8");
  let rest = "";
  for await (const chunk of source) {
    const texts = (rest + decoder.write(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength))).split("\n\n");
    rest = texts.pop() as string;
    if (texts.length > 0) yield texts;
  }
  rest += decoder.end();
  if (rest.trim() !== "") yield [rest];
}
