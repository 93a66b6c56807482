import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type Digest, hexOf, isDigest } from "../core/digest.ts";
import { fromFileSystem } from "../core/errors.ts";
import { partPath, removeDeadParts } from "../core/write-file.ts";

/** What is remembered beside an artifact's files, so that a lost state can be made again from the cache. */
const RECORD = ".build.json";

/**
 * Finished artifacts, `artifacts/<digest>/` of the cache. A folder gets its name when all of its files are in it. It is
 * a cache: who misses a file builds it again, and gets the same bytes.
 */
export class ArtifactStore {
  readonly directory: string;

  constructor(cacheDir: string) {
    this.directory = join(cacheDir, "artifacts");
  }

  /** Where the files of an artifact are, or would be. */
  path(digest: Digest): string {
    return join(this.directory, hexOf(digest));
  }

  /**
   * Gives `build` a folder to write to, and keeps what it has made under its digest, with a record. A build that fails
   * leaves nothing; files that are there already stay untouched.
   *
   * @throws whatever `build` throws, DISK_FULL, UNWRITABLE
   */
  async keep<T>(build: (outputDir: string) => Promise<T>, describe: (built: T) => { readonly digest: Digest; readonly record: unknown }): Promise<T> {
    await removeDeadParts(this.directory);
    const aside = partPath(join(this.directory, "artifact"));
    try {
      await mkdir(aside, { recursive: true });
      const built = await build(aside);
      const { digest, record } = describe(built);
      // for its owner only: a definition may hold secrets
      await writeFile(join(aside, RECORD), JSON.stringify(record), { mode: 0o600 });
      await this.#settle(aside, this.path(digest));
      return built;
    } catch (error) {
      throw fromFileSystem(error, this.directory);
    } finally {
      await rm(aside, { recursive: true, force: true });
    }
  }

  /** What was recorded with an artifact; undefined when it is not there. */
  async record(digest: string): Promise<unknown> {
    if (!isDigest(digest)) return undefined;
    const text = await readFile(join(this.path(digest), RECORD), "utf8").catch(() => undefined);
    return text === undefined ? undefined : (JSON.parse(text) as unknown);
  }

  async #settle(aside: string, final: string): Promise<void> {
    try {
      await rename(aside, final);
    } catch (error) {
      if (!["ENOTEMPTY", "EEXIST"].includes((error as NodeJS.ErrnoException).code ?? "")) throw error;
      // the same bytes, perhaps under other names: what is missing is added
      for (const name of await readdir(aside)) {
        const there = await stat(join(final, name)).catch(() => undefined);
        if (!there) await rename(join(aside, name), join(final, name));
      }
    }
  }
}
