import { stat } from "node:fs/promises";
import { basename, join } from "node:path";
import { holdFiles } from "../../cache/hold.ts";
import { ARTIFACTS } from "../../cache/artifact-folder.ts";
import { type Digest, hexOf } from "../../core/digest.ts";
import { LinuxKitError } from "../../core/errors.ts";
import { ArtifactStore } from "./artifact-store.ts";
import type { Builder } from "./builder.ts";
import { type KnownBuild, knownBuild } from "./known-builds.ts";
import type { BuildRecord } from "./build-record.ts";
import { type BuildWork, keepBuild } from "./keep-build.ts";

/** The builder, loaded only when a file must be rebuilt. */
export async function lazyBuilder(): Promise<Builder> {
  return (await import("./real-builder.ts")).builder;
}

/**
 * Runs `use` while files of builds exist: what was cleared from the cache is rebuilt first, and nothing of it is cleared
 * until `use` ends. Files from elsewhere are left to `use`.
 *
 * @throws NOT_FOUND when a build's record is gone too, DIGEST_MISMATCH when its lock gives other bytes, and the builder's errors
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
  // the missing files are published already, and the tag may have moved since
  const { push: _, ...inputs } = known;
  work.progress({ stage: "build", message: `${basename(path)} is not in the cache and is built again` });
  const got = (await keepBuild(artifacts, builder, { ...inputs, name: nameOf(basename(path), inputs.name, outputs) }, outputs.lock, work))
    .digest;
  if (got !== digest) {
    throw new LinuxKitError(
      "DIGEST_MISMATCH",
      `${path} was rebuilt from its lock, but its bytes differ (${got}): run \`pulumi up --refresh\` to use the rebuilt image`,
      { path, want: digest, got },
    );
  }
}

/** The cache's record of a build whose files it has cleared. */
async function recorded(path: string, digest: Digest, artifacts: ArtifactStore): Promise<KnownBuild> {
  const record = (await artifacts.record(digest)) as BuildRecord | undefined;
  if (!record)
    throw new LinuxKitError(
      "NOT_FOUND",
      `${path}: file not found on this machine: neither the cache nor the stack has a record to rebuild it from: run \`pulumi up --refresh\``,
      { what: path },
    );
  const { secureBoot, ...unsigned } = record.inputs;
  if (secureBoot)
    throw new LinuxKitError(
      "NOT_FOUND",
      `${path}: file not found on this machine: it cannot be rebuilt here, because its signing key is only in the stack's state: run \`pulumi up --refresh\``,
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
