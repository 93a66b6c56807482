import { open } from "node:fs/promises";
import { forEachParallel } from "../core/parallel.ts";
import type { ListedBlock } from "./block-list.ts";
import { BLOCK_BYTES } from "./block-map.ts";
import { checkBlock } from "./check-block.ts";

/** Consecutive blocks of a raw image. */
export interface Run {
  /** Index of the first block. */
  readonly index: number;
  /** How many blocks. */
  readonly count: number;
}

/** A run to send. */
export interface SentRun extends Run {
  /** In shared memory, valid until the promise of `send` settles; the last run ends where the file does. */
  readonly bytes: Buffer;
}

export interface SendRunsOptions {
  /** The raw image. */
  readonly file: string;
  /** Bytes of it. */
  readonly size: number;
  readonly runs: readonly Run[];
  /** The blocks of the image: a block that has changed since is not sent. */
  readonly blocks: readonly ListedBlock[];
  /** Runs in flight, each in memory. */
  readonly inFlight: number;
  readonly signal: AbortSignal;
  /** Sends one run, with its own retries. A rejection ends the upload. */
  send(run: SentRun, signal: AbortSignal): Promise<void>;
}

/** Blocks as runs of at most `limit` blocks. No run crosses a multiple of the limit, so its start does not depend on earlier blocks. */
export function runsOf(blocks: readonly ListedBlock[], limit: number): Run[] {
  const runs: { index: number; count: number }[] = [];
  for (const { index } of blocks) {
    const last = runs.at(-1);
    if (last && last.index + last.count === index && index % limit !== 0) last.count++;
    else runs.push({ index, count: 1 });
  }
  return runs;
}

/**
 * Sends runs of blocks of a raw image, several at a time. The file is read once, in order.
 *
 * @throws DIGEST_MISMATCH when the file is not the image that `blocks` describes, and what `send` throws
 */
export async function sendRuns({ file, size, runs, blocks, inFlight, signal, send }: SendRunsOptions): Promise<void> {
  const marks = new Map(blocks.map(({ index, mark }) => [index, mark]));
  const longest = runs.reduce((most, { count }) => Math.max(most, count), 0) * BLOCK_BYTES;
  const idle: Buffer[] = [];
  await using handle = await open(file);
  await forEachParallel(runs, inFlight, signal, async ({ index, count }, stop) => {
    stop.throwIfAborted();
    const memory = idle.pop() ?? Buffer.from(new SharedArrayBuffer(longest));
    const { bytesRead } = await handle.read(memory, 0, count * BLOCK_BYTES, index * BLOCK_BYTES);
    memory.fill(0, bytesRead, count * BLOCK_BYTES);
    for (let at = 0; at < count; at++) checkBlock(file, index + at, memory.subarray(at * BLOCK_BYTES, (at + 1) * BLOCK_BYTES), marks);
    await send({ index, count, bytes: memory.subarray(0, Math.min(count * BLOCK_BYTES, size - index * BLOCK_BYTES)) }, stop);
    idle.push(memory);
  });
  signal.throwIfAborted();
}
