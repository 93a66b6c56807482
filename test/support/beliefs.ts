import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";

/** What a stand-in declares at the start of its file, of the service that it plays. */
export interface Beliefs {
  /** Below `test/support`. */
  readonly file: string;
  readonly plays: string;
  /** Each with its label: `Source`, `Assumed`, `Tested both ways in …`. */
  readonly entries: readonly { readonly label: string; readonly text: string }[];
}

const LABEL = /^(Source|Judged by|Assumed[^:]*|Tested both ways in [^:]*|Stricter than [^:]*): (.*)$/;

/** The declarations of all stand-ins, sorted by file. */
export async function readBeliefs(folder: string): Promise<readonly Beliefs[]> {
  const files = (await readdir(folder, { recursive: true })).filter((file) => file.endsWith(".ts")).sort();
  const read = await Promise.all(files.map(async (file) => beliefsOf(file, await readFile(join(folder, file), "utf8"))));
  return read.filter((beliefs) => beliefs !== undefined);
}

/** Undefined for a file that plays no service: its first comment does not begin with "Plays". */
export function beliefsOf(file: string, source: string): Beliefs | undefined {
  const [, comment = ""] = /^\/\*\*\n([\s\S]*?)\n? \*\//.exec(source) ?? [];
  const lines = comment.split("\n").map((line) => line.replace(/^ \* ?/, ""));
  if (!lines[0]?.startsWith("Plays ")) return undefined;
  const plays: string[] = [];
  const entries: { label: string; text: string }[] = [];
  for (const line of lines) {
    const [, label, text] = LABEL.exec(line) ?? [];
    const last = entries.at(-1);
    if (label !== undefined && text !== undefined) entries.push({ label, text });
    else if (last) last.text += ` ${line}`;
    else plays.push(line);
  }
  return {
    file,
    plays: plays
      .join(" ")
      .trim()
      .replace(/^Plays /, ""),
    entries: entries.map(({ label, text }) => ({ label, text: text.trim() })),
  };
}

/** The tests that an entry names: "Tested both ways in `aws/rollout-driver`". */
export function testsOf(label: string): readonly string[] {
  return [...label.matchAll(/`([a-z-]+\/[^`]+)`/g)].map(([, name = ""]) => name);
}

/** One table of all stand-ins: what each does, and where that is stated. */
export function beliefTable(all: readonly Beliefs[]): string {
  const rows = all.flatMap(({ file, plays, entries }) => {
    const sources = entries.filter(({ label }) => label === "Source").map(({ text }) => text.replace(/\.$/, ""));
    const others = entries.filter(({ label }) => label !== "Source" && label !== "Judged by");
    return [
      [`\`${file}\``, plays, sources.join("; ")],
      ...others.flatMap(({ label, text }) => clauses(text).map((clause) => ["", clause, statedIn(label)])),
    ];
  });
  return ["| stand-in | behaviour | stated in |", "|---|---|---|", ...rows.map((row) => `| ${row.map(escaped).join(" | ")} |`)].join("\n");
}

function clauses(text: string): readonly string[] {
  return text.replace(/\.$/, "").split("; ");
}

function statedIn(label: string): string {
  return label.startsWith("Tested both ways in ")
    ? label.replace("Tested", "assumed; tested")
    : label.replace(/^./, (first) => first.toLowerCase());
}

function escaped(cell: string): string {
  return cell.replaceAll("|", "\\|");
}
