import { readFile, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { type Bytes, type Memory, measure, verify } from "../core/bytes.ts";
import { type Digest, digestOf } from "../core/digest.ts";
import { fileBytes } from "../core/file-bytes.ts";
import { removeDeadParts, writeFileWhole } from "../core/write-file.ts";
import { markUsed, settleTimes } from "./access-time.ts";
import { untilPruned } from "./hold.ts";
import { type LockOptions, withLock } from "./lock.ts";
import { isReadable } from "./readable.ts";
import { seal, unseal } from "./sealed.ts";

/** The paths that a segment writes, grouped by what matters when another segment writes the same ones. */
export interface SegmentPaths {
  readonly directories: readonly string[];
  /** Parent directories that the segment needs but does not write itself. */
  readonly implied: readonly string[];
  readonly files: readonly string[];
  /** The files that share their content with another path of the segment: hard links, and their targets. */
  readonly shared: readonly string[];
  /** Symlinks, devices and pipes. */
  readonly others: readonly string[];
  /** Bytes of memory that the segment takes once the kernel has unpacked it, where known. */
  readonly unpacked?: number;
}

/** A stored segment, under the key of what it was made from. */
export interface CachedSegment {
  readonly key: string;
  readonly size: number;
  readonly digest: Digest;
  readonly paths: SegmentPaths;
  /** @default this computer made it */
  readonly origin?: SegmentOrigin | undefined;
}

/** The repository that a segment was fetched from, and the hint of the key whose signature was verified, if one was. */
export interface SegmentOrigin {
  readonly repository: string;
  readonly signer?: string | undefined;
}

/** The paths of cached bytes that are not an archive. */
export const NO_PATHS: SegmentPaths = Object.freeze({ directories: [], implied: [], files: [], shared: [], others: [] });

/**
 * A folder of files named by the key of what they were made from: `KEY` holds the bytes, `KEY.json` their size, sha256
 * and paths. The record is written last: a segment without it does not count. Bytes are verified on every read. Only the
 * user may read them: a segment holds files that only the guest's root may read.
 */
export class SegmentStore {
  readonly cacheDir: string;

  constructor(cacheDir: string) {
    this.cacheDir = cacheDir;
  }

  /** Both files of a segment, relative to the cache folder. */
  static files(key: string): string[] {
    return [join("segments", key), join("segments", `${key}.json`)];
  }

  /** Path of the segment's bytes, stored or not. */
  path(key: string): string {
    return join(this.cacheDir, "segments", key);
  }

  /** The segment, or undefined without bytes of the right length and a valid record. Marks both files as used. */
  async find(key: string): Promise<CachedSegment | undefined> {
    const [text, stats] = await Promise.all([
      readFile(`${this.path(key)}.json`, "utf8").catch(() => ""),
      stat(this.path(key)).catch(() => undefined),
    ]);
    const record = parseRecord(key, text);
    if (!record || stats?.size !== record.size) return undefined;
    await Promise.all([markUsed(this.path(key)), markUsed(`${this.path(key)}.json`)]);
    await untilPruned(this.cacheDir);
    return (await isReadable(this.path(key))) && (await isReadable(`${this.path(key)}.json`)) ? record : undefined;
  }

  /**
   * Streams a segment. The last chunk comes once size and sha256 are verified.
   *
   * @throws SIZE_MISMATCH, DIGEST_MISMATCH, NOT_FOUND while iterating
   */
  open({ key, size, digest }: CachedSegment, memory: Memory = "own"): AsyncIterable<Uint8Array> {
    return verify(fileBytes(this.path(key), { memory }), { size, digest }, this.path(key));
  }

  /**
   * Stores a stream; `paths` is called once the stream has ended.
   *
   * @throws DISK_FULL, UNWRITABLE, CANCELLED, and errors of `source`
   */
  async put(key: string, source: Bytes, paths: () => SegmentPaths, signal?: AbortSignal, origin?: SegmentOrigin): Promise<CachedSegment> {
    const path = this.path(key);
    const seen = { size: 0, digest: digestOf("") };
    await writeFileWhole(path, measure(source, seen), { signal, mode: 0o600 });
    await settleTimes(path);
    const segment = { key, size: seen.size, digest: seen.digest, paths: paths(), ...(origin && { origin }) };
    try {
      await writeFileWhole(`${path}.json`, [seal(JSON.stringify(segment))], { signal, mode: 0o600 });
    } catch (error) {
      await this.drop(key);
      throw error;
    }
    await settleTimes(`${path}.json`);
    await untilPruned(this.cacheDir);
    return segment;
  }

  /** Removes a segment, for one whose bytes turned out to be wrong. */
  async drop(key: string): Promise<void> {
    await rm(`${this.path(key)}.json`, { force: true });
    await rm(this.path(key), { force: true });
  }

  /** Runs `work` while no other build makes the same segment. First removes the temporary files of killed builds. */
  async withLock<T>(key: string, work: () => Promise<T>, options: LockOptions = {}): Promise<T> {
    return withLock(
      join(this.cacheDir, "locks", key),
      async () => {
        await removeDeadParts(join(this.cacheDir, "segments"));
        return work();
      },
      options,
    );
  }
}

// a record that was cut or altered does not count, and the segment is rebuilt
function parseRecord(key: string, sealed: string): CachedSegment | undefined {
  const json = unseal(sealed);
  if (json === undefined) return undefined;
  const record = JSON.parse(json) as CachedSegment;
  return record.key === key ? record : undefined;
}
