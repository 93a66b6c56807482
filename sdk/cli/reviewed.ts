import { existsSync } from "node:fs";
import { LinuxKitError } from "../core/errors.ts";
import type { Lock } from "../resolve/lock.ts";
import type { Reviewed } from "../review/facts-of.ts";
import { gitFile, withRevision } from "./git-file.ts";
import { loadImage } from "./load-image.ts";
import { stackImage } from "./stack-image.ts";
import { readText } from "./text-file.ts";

/**
 * What an argument of `diff` names: a file, `REVISION:FILE` or `stack:NAME`.
 *
 * @param image the export of a program to take
 * @param lock the file of a lock that belongs to it
 * @throws NOT_FOUND, INVALID_DEFINITION, UsageError
 */
export async function loadReviewed(text: string, image: string | undefined, lock: string | undefined): Promise<Reviewed> {
  const pinned = lock === undefined ? undefined : await readLock(lock);
  const [, stack, name] = existsSync(text) ? [] : (/^stack:([^#]+)(?:#(.+))?$/.exec(text) ?? []);
  if (stack !== undefined) {
    const found = await stackImage(stack, name);
    return { definition: found.definition, lock: pinned ?? found.lock };
  }
  const revision = gitFile(text);
  const { spec } = revision ? await withRevision(revision, (file) => loadImage(file, image)) : await loadImage(text, image);
  return { definition: spec, lock: pinned };
}

async function readLock(file: string): Promise<Lock> {
  const text = await readText(file);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    value = undefined;
  }
  if (typeof value !== "object" || value === null || (value as Partial<Lock>).version !== 1 || !("debian" in value) || !("images" in value))
    throw new LinuxKitError("INVALID_DEFINITION", `${file}: got no lock, wanted the JSON of a build's \`lock\``, { path: file });
  return value as Lock;
}
