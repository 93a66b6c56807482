import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { debianColumn } from "./footprint/debian.ts";
import { ourColumns } from "./footprint/ours.ts";
import { footprintPage } from "./footprint/page.ts";

/** Measures machines at rest, beside a Debian 12 in the same run, and writes docs/footprint.md. It needs root, for debootstrap. */
export async function footprint(folder: string, docs: string, machine: string, note: (what: string) => void): Promise<void> {
  const { columns, lock } = await ourColumns(folder, note);
  note("building a Debian 12 with debootstrap");
  const text = footprintPage([...columns, await debianColumn(folder, lock)], machine, new Date().toISOString().slice(0, 10));
  console.log(text);
  writeFileSync(join(docs, "footprint.md"), text);
}
