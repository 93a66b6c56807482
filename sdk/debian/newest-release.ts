import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { seal, unseal } from "../cache/sealed.ts";
import { LinuxKitError } from "../core/errors.ts";
import { writeFileWhole } from "../core/write-file.ts";
import type { Release } from "./release.ts";

/**
 * Compares a verified Release with the newest one of its suite that this cache has seen, and remembers the newer one. Who
 * controls a mirror can answer with an old Release, which is validly signed, to keep a fix from an image.
 *
 * @param source the file's URL, for errors
 * @throws SIGNATURE_INVALID if a newer one was seen
 */
export async function refuseOlderRelease({ codename, date }: Release, cacheDir: string, source: string): Promise<void> {
  const path = join(cacheDir, "indexes", `${codename}.newest`);
  const seen = unseal(await readFile(path, "utf8").catch(() => ""));
  const newest = seen === undefined ? undefined : new Date(seen);
  if (newest && date < newest) {
    throw new LinuxKitError(
      "SIGNATURE_INVALID",
      `${source}: written ${date.toISOString()}, but one of ${newest.toISOString()} was seen before: the mirror is stale, or an attacker replays an old index; choose another mirror, or remove ${path} to accept it`,
      { source },
    );
  }
  if (!newest || date > newest) await writeFileWhole(path, [seal(date.toISOString())]);
}
