import { type Advisories, type Advisory, advisoriesOf } from "../advisory/advisory.ts";
import { readText } from "./text-file.ts";

/** The advisories in files; undefined without a file. @throws NOT_FOUND, CORRUPT */
export async function loadAdvisories(files: readonly string[]): Promise<Advisories | undefined> {
  if (files.length === 0) return undefined;
  const { readAdvisories } = await import("../advisory/read-advisories.ts");
  const all: Advisory[] = [];
  // a list of hundreds of thousands is more than a call takes as arguments
  for (const file of files) for (const advisory of readAdvisories(await readText(file), file)) all.push(advisory);
  return advisoriesOf(all);
}
