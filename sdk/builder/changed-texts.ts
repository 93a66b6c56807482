import { readFile } from "node:fs/promises";
import type { BlobStore } from "../cache/blob-store.ts";
import { canonicalJson } from "../core/json.ts";
import type { Definition } from "../definition/definition.ts";
import { plainPath } from "../definition/file.ts";
import { type FileList, fileListsOf } from "../definition/keyed-files.ts";
import { overFiles } from "./local-files.ts";

/** A file of the machine, or of an image made from packages. */
type AnyFile = FileList["files"][number];

/** Bytes. A text that is larger is not compared by its lines. */
const LARGEST = 512 << 10;

/** Bytes of all texts that one comparison reads. */
const MOST = 8 << 20;

/**
 * Two definitions in which each file that differs has its text, if it is one that the cache still holds: a definition has only
 * the sha256 of what is large. What is not text, or is gone, stays as it is.
 */
export async function withChangedTexts(before: Definition, after: Definition, store: BlobStore): Promise<[Definition, Definition]> {
  const old = new Map(placed(before));
  const texts = new Map<AnyFile, AnyFile>();
  let read = 0;
  for (const [place, now] of placed(after)) {
    const was = old.get(place);
    if (was === undefined || was.sha256 === now.sha256) continue;
    read += [was, now].reduce((sum, { sha256, size = 0 }) => sum + (sha256 === undefined ? 0 : size), 0);
    if (read > MOST) break;
    const [wasText, nowText] = [await textOf(was, store), await textOf(now, store)];
    if (wasText === undefined || nowText === undefined) continue;
    texts.set(was, withText(was, wasText)).set(now, withText(now, nowText));
  }
  const shown = (definition: Definition): Definition =>
    texts.size === 0 ? definition : overFiles(definition, () => (file) => [texts.get(file) ?? file]);
  return [shown(before), shown(after)];
}

/** Every file of a definition, by the place of its list and its path. */
function placed(definition: Definition): [place: string, file: AnyFile][] {
  return fileListsOf(definition).flatMap(({ steps, files }) =>
    files.map((file): [string, AnyFile] => [canonicalJson([...steps, plainPath(file.path)]), file]),
  );
}

function withText({ sha256: _, size: _size, ...file }: AnyFile, contents: string): AnyFile {
  return { ...file, contents };
}

/** The text of a file; undefined if it is none, or is not in the cache. */
async function textOf({ contents, sha256, size = 0 }: AnyFile, store: BlobStore): Promise<string | undefined> {
  if (typeof contents === "string") return contents;
  if (sha256 === undefined || size > LARGEST) return undefined;
  const bytes = await readFile(store.path(`sha256:${sha256}`)).catch(() => undefined);
  const text = bytes?.toString("utf8");
  return text === undefined || text.includes("\0") || !Buffer.from(text).equals(bytes as Buffer) ? undefined : text;
}
