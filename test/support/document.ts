import { readdir, readFile } from "node:fs/promises";
import { dirname, join, normalize } from "node:path";

/** A fenced block, with the word after the fence or "". */
export interface CodeBlock {
  readonly language: string;
  readonly line: number;
  readonly text: string;
}

/** A document of the repository, by its path from the root. */
export interface MarkdownDocument {
  readonly path: string;
  /** Its blocks of code, with the line that each begins at, from 1. */
  readonly blocks: readonly CodeBlock[];
  /** Its headings as the forge links to them: `#machines-of-this-host` without the `#`. */
  readonly anchors: ReadonlySet<string>;
  /** Its relative links: the path from the root, and the anchor or "". */
  readonly links: readonly { readonly line: number; readonly path: string; readonly anchor: string }[];
}

/** Every document that the repository holds for readers. */
export async function readDocuments(root: string): Promise<MarkdownDocument[]> {
  const top = (await readdir(root)).filter((name) => name.endsWith(".md"));
  const docs = (await readdir(join(root, "docs"))).filter((name) => name.endsWith(".md")).map((name) => `docs/${name}`);
  const paths = [...top, ...docs, "test/support/README.md"].sort();
  return Promise.all(paths.map(async (path) => parse(path, await readFile(join(root, path), "utf8"))));
}

function parse(path: string, text: string): MarkdownDocument {
  const blocks: CodeBlock[] = [];
  const anchors = new Set<string>();
  const links: { line: number; path: string; anchor: string }[] = [];
  let fence: { readonly language: string; readonly line: number; readonly lines: string[] } | undefined;
  for (const [index, line] of text.split("\n").entries()) {
    const opened = /^```(\w*)$/.exec(line);
    if (fence && line === "```") {
      blocks.push({ language: fence.language, line: fence.line, text: fence.lines.join("\n") });
      fence = undefined;
    } else if (fence) fence.lines.push(line);
    else if (opened) fence = { language: opened[1] ?? "", line: index + 2, lines: [] };
    else {
      const heading = /^#+ (.*)$/.exec(line)?.[1];
      if (heading) anchors.add(anchorOf(heading));
      for (const [, target = ""] of line.matchAll(/\]\(([^)\s]+)\)/g)) {
        if (/^[a-z]+:/.test(target)) continue;
        const [file = "", anchor = ""] = target.split("#");
        links.push({ line: index + 1, path: file ? normalize(join(dirname(path), file)) : path, anchor });
      }
    }
  }
  return { path, blocks, anchors, links };
}

function anchorOf(heading: string): string {
  return heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N} _-]/gu, "")
    .replaceAll(" ", "-");
}
