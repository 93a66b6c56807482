import { link, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { join, relative, sep } from "node:path";
import { markUsed, settleTimes } from "../../cache/access-time.ts";
import { BlobStore } from "../../cache/blob-store.ts";
import { ARTIFACT_RECORD, ARTIFACTS } from "../../cache/artifact-folder.ts";
import { type Digest, hexOf, isDigest } from "../../core/digest.ts";
import { fromFileSystem } from "../../core/errors.ts";
import { partPath, removeDeadParts } from "../../core/write-file.ts";
import { makeFolder } from "../../core/make-folder.ts";

/**
 * Finished artifacts, `artifacts/<digest>/` of the cache. A folder gets its name when all of its files are in it. A
 * missing file is rebuilt with the same bytes from the record beside the files. A lost state is restored from it too.
 */
export class ArtifactStore {
  readonly cacheDir: string;
  readonly directory: string;
  /** The blobs beside the artifacts: the bytes of large files. */
  readonly store: BlobStore;

  constructor(cacheDir: string) {
    this.cacheDir = cacheDir;
    this.directory = join(cacheDir, ARTIFACTS);
    this.store = new BlobStore(cacheDir);
  }

  /** Where the files of an artifact are, or would be. */
  path(digest: Digest): string {
    return join(this.directory, hexOf(digest));
  }

  /** The artifact that a file belongs to, whether it exists or not; undefined for a file from elsewhere. */
  digestOf(path: string): Digest | undefined {
    const [folder, file, ...deeper] = relative(this.directory, path).split(sep);
    const digest = `sha256:${folder}`;
    return file !== undefined && deeper.length === 0 && isDigest(digest) ? digest : undefined;
  }

  /** Where a file of an artifact is on this machine, by its path on the machine that built it; a file from elsewhere stays where it is. */
  local(path: string): string {
    const [file = "", folder = "", parent] = path.split(/[\\/]/).reverse();
    const digest = `sha256:${folder}`;
    return parent === ARTIFACTS && isDigest(digest) ? join(this.path(digest), file) : path;
  }

  /** Whether files of an artifact are all there, with the sizes that they should have. Marks it as used if so. */
  async holds(digest: Digest, files: readonly { readonly name: string; readonly size: number }[]): Promise<boolean> {
    const sizes = await Promise.all(
      files.map(({ name }) =>
        stat(join(this.path(digest), name)).then(
          ({ size }) => size,
          () => undefined,
        ),
      ),
    );
    if (files.some(({ size }, index) => sizes[index] !== size)) return false;
    await this.use(digest);
    return true;
  }

  /** Gives the files of an artifact further names, old to new. A file that the cache has cleared is left out. */
  async link(digest: Digest, names: ReadonlyMap<string, string>): Promise<void> {
    for (const [from, to] of names) {
      await link(join(this.path(digest), from), join(this.path(digest), to)).catch((error: NodeJS.ErrnoException) => {
        if (error.code !== "ENOENT" && error.code !== "EEXIST") throw fromFileSystem(error, this.directory);
      });
    }
  }

  /** Marks an artifact as used now, for the cache's limit. */
  async use(digest: Digest): Promise<void> {
    await markUsed(join(this.path(digest), ARTIFACT_RECORD));
  }

  /**
   * Gives `build` a folder to write to, and keeps what it has made under its digest, with a record. A build that fails
   * leaves nothing; files that are there already stay untouched.
   *
   * @throws the errors of `build`, DISK_FULL, UNWRITABLE
   */
  async keep<T>(
    build: (outputDir: string) => Promise<T>,
    describe: (built: T) => Promise<{ readonly digest: Digest; readonly record: unknown }>,
  ): Promise<T> {
    await removeDeadParts(this.directory);
    const aside = partPath(join(this.directory, "artifact"));
    try {
      await makeFolder(aside);
      const built = await build(aside);
      const { digest, record } = await describe(built);
      // for its owner only: a definition may hold secrets
      await writeFile(join(aside, ARTIFACT_RECORD), JSON.stringify(record), { mode: 0o600 });
      await settleTimes(join(aside, ARTIFACT_RECORD));
      await this.#settle(aside, this.path(digest));
      await this.use(digest);
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
    const text = await readFile(join(this.path(digest), ARTIFACT_RECORD), "utf8").catch(() => undefined);
    return text === undefined ? undefined : (JSON.parse(text) as unknown);
  }

  async #settle(aside: string, final: string): Promise<void> {
    try {
      await rename(aside, final);
    } catch (error) {
      if (!["ENOTEMPTY", "EEXIST"].includes((error as NodeJS.ErrnoException).code ?? "")) throw error;
      // the same bytes, perhaps under other names: what is missing or was cut is put there, and the rest not touched
      for (const name of await readdir(aside)) {
        if (name === ARTIFACT_RECORD) {
          const [made, there] = await Promise.all(
            [aside, final].map((folder) => readFile(join(folder, name), "utf8").catch(() => undefined)),
          );
          if (made !== there) await rename(join(aside, name), join(final, name));
          continue;
        }
        const [made, there] = await Promise.all([aside, final].map((folder) => stat(join(folder, name)).catch(() => undefined)));
        if (there?.size !== made?.size) await rename(join(aside, name), join(final, name));
      }
    }
  }
}
