import { createHash } from "node:crypto";
import { basename, join } from "node:path";
import type { Bytes } from "../core/bytes.ts";
import { fileBytes } from "../core/file-bytes.ts";
import type { OnProgress } from "../core/progress.ts";
import { type StagedFile, stageFile } from "../core/write-file.ts";
import type { FormatFile } from "../format/parts.ts";
import { encodeBlockList, listBlocks } from "../upload/block-list.ts";
import { type MappedBlock, mapBlocks } from "../upload/block-map.ts";
import type { ArtifactFile } from "./artifact.ts";

export interface StageOptions {
  readonly outputDir: string;
  readonly name: string;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: OnProgress | undefined;
}

/** A complete file of an artifact, under a temporary name. */
export interface StagedArtifact {
  readonly staged: StagedFile;
  readonly file: ArtifactFile;
}

/** Writes a file of an artifact under a temporary name. Returns its size and sha256 as written to disk. */
export async function stageArtifact(wanted: FormatFile, { outputDir, name, signal, onProgress }: StageOptions): Promise<StagedArtifact> {
  const { role, suffix, size, blocks } = wanted;
  const path = join(outputDir, name + suffix);
  // an image holds files that only its root may read, such as /etc/shadow, in clear; a kernel holds none
  const mode = role === "kernel" ? 0o644 : 0o600;
  let done = 0;
  const onWritten = (bytes: number) => {
    done += bytes;
    onProgress?.({ stage: "write", message: `write ${basename(path)}`, done, ...(size === undefined ? {} : { total: size }) });
  };
  if (wanted.overwrites) {
    const staged = await stageFile(path, wanted.open(), { mode, signal, onWritten });
    return { staged, file: { role, name: basename(path), path, size: done, sha256: await hashOf(staged) } };
  }
  const hash = createHash("sha256");
  const found: MappedBlock[] = [];
  const bytes: Bytes = blocks ? mapBlocks(wanted.open(), (block) => found.push(block)) : wanted.open();
  const staged = await stageFile(path, bytes, { mode, signal, onWritten, onChunk: (chunk) => void hash.update(chunk) });
  return {
    staged,
    file: {
      role,
      name: basename(path),
      path,
      size: done,
      sha256: hash.digest("hex"),
      ...(blocks && { blocks: encodeBlockList(listBlocks(found)) }),
    },
  };
}

async function hashOf(staged: StagedFile): Promise<string> {
  const hash = createHash("sha256");
  try {
    for await (const chunk of fileBytes(staged.aside, { memory: "reused" })) hash.update(chunk);
  } catch (error) {
    await staged.discard();
    throw error;
  }
  return hash.digest("hex");
}
