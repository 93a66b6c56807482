import { readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { type Column, PARTS } from "./column.ts";

/** The figures that the page shows, as they were measured. */
export const FIGURES = fileURLToPath(new URL("./figures.json", import.meta.url));

/** The figures of the page; none where no run has written them. */
export async function readFigures(file: string): Promise<readonly Column[]> {
  const text = await readFile(file, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return "[]";
    throw error;
  });
  return JSON.parse(text) as readonly Column[];
}

export async function writeFigures(file: string, columns: readonly Column[]): Promise<void> {
  await writeFile(file, `${JSON.stringify(columns, undefined, 1)}\n`);
}

/**
 * The columns of the page after a run: those of the run in the place of former ones of the same part, in the order of the parts. One
 * that is incomplete takes the place of no complete one.
 *
 * @throws where some would be of another kernel, computer or accelerator than the others: their ratios would mean nothing
 */
export function merged(former: readonly Column[], run: readonly Column[]): readonly Column[] {
  const isComplete = (columns: readonly Column[], part: string): boolean =>
    columns.some((column) => column.part === part && column.incomplete === undefined);
  const measured = run.filter(({ part }) => isComplete(run, part) || !isComplete(former, part));
  const kept = former.filter(({ part }) => !measured.some((column) => column.part === part));
  const [first, ...others] = [...measured, ...kept];
  for (const other of others)
    for (const field of ["kernel", "host"] as const)
      if (first && other[field] !== first[field])
        throw new Error(
          `--merge: the column ${other.part} has the ${field} "${other[field]}", that of ${first.part} "${first[field]}", wanted one for all: measure all parts in one run, without --only`,
        );
  return PARTS.flatMap((part) => [...measured, ...kept].filter((column) => column.part === part));
}

/** Parts that no column has, or one that is incomplete. */
export function missingParts(columns: readonly Column[]): readonly string[] {
  return PARTS.filter((part) => !columns.some((column) => column.part === part && column.incomplete === undefined));
}
