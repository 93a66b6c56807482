import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { seed } from "../test/support/random.ts";
import { killServices } from "./supervision/kills.ts";
import { supervisionPage } from "./supervision/page.ts";

/** Kills services at random in a loop of boots, and writes docs/supervision.md. It takes about three minutes. */
export async function supervision(folder: string, docs: string, machine: string, note: (what: string) => void): Promise<void> {
  const from = seed();
  note(`killing services at random, seed ${from}`);
  const text = supervisionPage(await killServices(folder, from, note), from, machine, new Date().toISOString().slice(0, 10));
  console.log(text);
  writeFileSync(join(docs, "supervision.md"), text);
}
