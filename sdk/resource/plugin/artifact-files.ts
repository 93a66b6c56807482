import { stat } from "node:fs/promises";
import { basename, join } from "node:path";
import { holdFiles } from "../../cache/hold.ts";
import { ARTIFACTS } from "../../cache/artifact-folder.ts";
import { type Digest, hexOf } from "../../core/digest.ts";
import { LinuxKitError } from "../../core/errors.ts";
import { ArtifactStore } from "./artifact-store.ts";
import type { Builder } from "./builder.ts";
import { type KnownBuild, knownBuild } from "./known-builds.ts";
import { type BuildRecord, type BuildWork, keepBuild } from "./keep-build.ts";

/** The builder, which is loaded only when something has to be built again. */
export async function lazyBuilder(): Promise<Builder> {
  return (await import("./real-builder.ts")).builder;
}

/**
 * Runs `use` while files of builds are there: what was cleared from the cache is built again first, and nothing of it
 * is cleared meanwhile. Files from elsewhere are left to `use`.
 *
 * @throws NOT_FOUND when a build's record is gone too, DIGEST_MISMATCH when its lock now gives other bytes, and what the builder throws
 */
export async function withArtifactFiles<T>(
  paths: readonly string[],
  cacheDir: string,
  loadBuilder: () => Promise<Builder>,
  work: BuildWork,
  use: () => Promise<T>,
): Promise<T> {
  const artifacts = new ArtifactStore(cacheDir);
  const files = paths.flatMap((path) => {
    const digest = artifacts.digestOf(path);
    return digest === undefined ? [] : [{ path, digest }];
  });
  if (files.length === 0) return use();
  const folders = new Set(files.map(({ digest }) => join(ARTIFACTS, hexOf(digest))));
  const hold = await holdFiles(cacheDir, folders, { signal: work.signal, what: "the cache" });
  try {
    for (const { path, digest } of files) {
      if (!(await isFile(path))) await rebuild(path, digest, artifacts, await loadBuilder(), work);
      await artifacts.use(digest);
    }
    return await use();
  } finally {
    await hold.release();
  }
}

async function rebuild(path: string, digest: Digest, artifacts: ArtifactStore, builder: Builder, work: BuildWork): Promise<void> {
  const { inputs: known, outputs } = knownBuild(digest) ?? (await recorded(path, digest, artifacts));
  // the build was published already, and its tag may belong to another one now
  const { push: _, ...inputs } = known;
  work.progress({ stage: "build", message: `${basename(path)} is not in the cache and is built again` });
  const got = (await keepBuild(artifacts, builder, { ...inputs, name: nameOf(basename(path), inputs.name, outputs) }, outputs.lock, work))
    .digest;
  if (got !== digest) {
    throw new LinuxKitError(
      "DIGEST_MISMATCH",
      `${path} was built again from its lock, and is another now (${got}): run \`pulumi up --refresh\` to go on with that one`,
      { path, want: digest, got },
    );
  }
}

/** What the cache remembers of a build whose files it has cleared. */
async function recorded(path: string, digest: Digest, artifacts: ArtifactStore): Promise<KnownBuild> {
  const record = (await artifacts.record(digest)) as BuildRecord | undefined;
  if (!record)
    throw new LinuxKitError(
      "NOT_FOUND",
      `no file ${path} on this machine, and neither cache nor stack knows how it was built: run \`pulumi up --refresh\``,
      { what: path },
    );
  const { secureBoot, ...unsigned } = record.inputs;
  if (secureBoot)
    throw new LinuxKitError(
      "NOT_FOUND",
      `no file ${path} on this machine, and the key that signed it is kept in the stack only: run \`pulumi up --refresh\``,
      { what: path },
    );
  return { inputs: unsigned, outputs: record.outputs };
}

/** The name of the build that a file is of: equal bytes under other names have one record. */
function nameOf(file: string, name: string, { files }: BuildRecord["outputs"]): string {
  const suffixes = files.map((file) => file.name.slice(name.length));
  const suffix = suffixes.find((suffix) => file.endsWith(suffix)) ?? "";
  return file.slice(0, file.length - suffix.length);
}

async function isFile(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined))?.isFile() ?? false;
}
