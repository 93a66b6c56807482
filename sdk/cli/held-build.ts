import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { pipeline } from "node:stream/promises";
import { defaultCacheDir } from "../cache/location.ts";
import type { ReviewedBuild } from "../review/built.ts";
import { type Holding, sumOf } from "../review/held/holding.ts";
import { heldInInitrd } from "../review/held/initrd.ts";
import type { Terminal } from "./command.ts";

/** What a build holds: the files of its initrd if that is here as it was built, else the compressed bytes of its segments. */
export async function heldBuild(build: ReviewedBuild, terminal: Terminal): Promise<Holding> {
  const { initrd, lock, segments } = build;
  if (initrd && (await isUnchanged(initrd))) return heldInInitrd(initrd.path, lock, defaultCacheDir());
  if (initrd) terminal.note(`${initrd.path} is not what this build wrote: its segments are shown instead of its files`);
  return sumOf(
    "Segments, compressed",
    segments.map(({ name, size }) => ({ name, bytes: size })),
  );
}

/** Whether a file is as a build wrote it. */
export async function isUnchanged({ path, size, sha256 }: NonNullable<ReviewedBuild["initrd"]>): Promise<boolean> {
  const found = await stat(path).catch(() => undefined);
  if (found?.size !== size) return false;
  const hash = createHash("sha256");
  await pipeline(createReadStream(path), hash);
  return hash.digest("hex") === sha256;
}
