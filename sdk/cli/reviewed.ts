import { existsSync } from "node:fs";
import { listedReader, overFiles } from "../builder/local-files.ts";
import { BlobStore } from "../cache/blob-store.ts";
import { defaultCacheDir } from "../cache/location.ts";
import { isLinuxKitError, LinuxKitError } from "../core/errors.ts";
import type { Definition } from "../definition/definition.ts";
import type { Reviewed } from "../review/facts-of.ts";
import { gitFile, withRevision } from "./git-file.ts";
import { loadImage } from "./load-image.ts";
import { readLock } from "./read-lock.ts";
import { stackImage } from "./stack-image.ts";

/**
 * What an argument of `diff` names: a file, `REVISION:FILE` or `stack:NAME`.
 *
 * @param image the export of a program to take
 * @param lock the file of a lock that belongs to it
 * @throws NOT_FOUND, INVALID_DEFINITION, UsageError
 */
export async function loadReviewed(text: string, image: string | undefined, lock: string | undefined): Promise<Reviewed> {
  const pinned = lock === undefined ? undefined : await readLock(lock, refuseLock);
  const [, stack, name] = existsSync(text) ? [] : (/^stack:([^#]+)(?:#(.+))?$/.exec(text) ?? []);
  if (stack !== undefined) {
    const found = await stackImage(stack, name);
    return { definition: found.definition, lock: pinned ?? found.lock, machines: found.machines };
  }
  const revision = gitFile(text);
  const load = async (file: string, projectDir: string): Promise<Definition> =>
    withContents((await loadImage(file, image)).spec, projectDir);
  const definition = revision ? await withRevision(revision, load) : await load(text, process.cwd());
  return { definition, lock: pinned };
}

/** The definition with what its local files hold, as a stack has it. A file that is not there keeps the name of its source. */
function withContents(definition: Definition, projectDir: string): Definition {
  const places = { projectDir, store: new BlobStore(defaultCacheDir()) };
  return overFiles(definition, (steps) => {
    const read = listedReader(steps, places);
    return (file) => {
      try {
        return read(file);
      } catch (error) {
        // what a build makes is in no revision
        if (isLinuxKitError(error, "NOT_FOUND")) return [file];
        throw error;
      }
    };
  });
}

function refuseLock(file: string): LinuxKitError {
  return new LinuxKitError("INVALID_DEFINITION", `${file}: got no lock, wanted the JSON of a build's \`lock\``, { path: file });
}
