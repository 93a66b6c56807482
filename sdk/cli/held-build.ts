import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { pipeline } from "node:stream/promises";
import { defaultCacheDir } from "../cache/location.ts";
import type { ReviewedBuild } from "../review/built.ts";
import { type Holding, sumOf } from "../review/held/holding.ts";
import { heldInInitrd } from "../review/held/initrd.ts";
import type { Terminal } from "./command.ts";

/** What a build holds: the files of its initrd, else the compressed bytes of its segments. @param initrd as {@link initrdOf} says */
export async function heldBuild({ lock, segments }: ReviewedBuild, initrd: string | undefined): Promise<Holding> {
  if (initrd !== undefined) return heldInInitrd(initrd, lock, defaultCacheDir());
  return sumOf(
    "Segments, compressed",
    segments.map(({ name, size }) => ({ name, bytes: size })),
  );
}

/** The path of a build's initrd. @returns undefined, with a note, if it is not what the build wrote; without one if it has none here */
export async function initrdOf({ initrd }: ReviewedBuild, terminal: Terminal): Promise<string | undefined> {
  if (initrd === undefined || (await isUnchanged(initrd))) return initrd?.path;
  terminal.note(`${initrd.path} is not what this build wrote: its files are not looked at`);
  return undefined;
}

/** Whether a file is as a build wrote it. */
async function isUnchanged({ path, size, sha256 }: NonNullable<ReviewedBuild["initrd"]>): Promise<boolean> {
  const found = await stat(path).catch(() => undefined);
  if (found?.size !== size) return false;
  const hash = createHash("sha256");
  await pipeline(createReadStream(path), hash);
  return hash.digest("hex") === sha256;
}
