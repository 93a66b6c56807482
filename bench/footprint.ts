import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { debianColumn } from "./footprint/debian.ts";
import { ourColumns } from "./footprint/ours.ts";
import { footprintPage } from "./footprint/page.ts";

/** Measures what machines are made of at rest, beside a Debian 12 in the same run, and writes docs/footprint.md. It takes root, for debootstrap. */
export async function footprint(folder: string, docs: string, machine: string, note: (what: string) => void): Promise<void> {
  const { columns, lock } = await ourColumns(folder, note);
  note("making a Debian 12 by debootstrap");
  const text = footprintPage([...columns, await debianColumn(folder, lock)], machine, new Date().toISOString().slice(0, 10));
  console.log(text);
  writeFileSync(join(docs, "footprint.md"), text);
}
