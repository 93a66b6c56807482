import { execFile } from "node:child_process";
import { createReadStream } from "node:fs";
import { mkdtemp, rename, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import type { ReadObject } from "./images.ts";

const GIB = 2 ** 30;
const run = promisify(execFile);

/** An archive from GNU tar with a disk of zeroes, and its deviations from a good one. */
export interface ArchiveCase {
  readonly member?: string;
  /** @default 1 GiB */
  readonly size?: number;
  readonly format?: "oldgnu" | "gnu" | "pax" | "ustar" | "v7";
  readonly beside?: boolean;
  readonly packed?: boolean;
}

/** A bucket of archives. */
export class ImageArchives implements AsyncDisposable {
  readonly #home: string;

  private constructor(home: string) {
    this.#home = home;
  }

  static async make(cases: Readonly<Record<string, ArchiveCase>>): Promise<ImageArchives> {
    const home = await mkdtemp(join(tmpdir(), "archives-"));
    for (const [name, { member = "disk.raw", size = GIB, format = "oldgnu", beside = false, packed = true }] of Object.entries(cases)) {
      await writeFile(join(home, "disk"), "");
      await truncate(join(home, "disk"), size);
      await rename(join(home, "disk"), join(home, member));
      await writeFile(join(home, "notes"), "more");
      await run("tar", [
        "-S",
        `--format=${format}`,
        `-c${packed ? "z" : ""}f`,
        join(home, name),
        "-C",
        home,
        member,
        ...(beside ? ["notes"] : []),
      ]);
      await rm(join(home, member));
    }
    return new ImageArchives(home);
  }

  /** Objects of the bucket `images`. */
  get readObject(): ReadObject {
    return async (bucket, object) =>
      bucket === "images" && !object.includes("missing") ? createReadStream(join(this.#home, object)) : undefined;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.#home, { recursive: true, force: true });
  }
}
