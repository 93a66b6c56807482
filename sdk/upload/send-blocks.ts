import { open } from "node:fs/promises";
import type { Digest } from "../core/digest.ts";
import { forEachParallel } from "../core/parallel.ts";
import type { ListedBlock } from "./block-list.ts";
import { BLOCK_BYTES } from "./block-map.ts";
import { checkBlock } from "./check-block.ts";

/** A block to send. */
export interface SentBlock {
  readonly index: number;
  /** {@link BLOCK_BYTES} bytes, valid until the promise of `send` settles. */
  readonly bytes: Buffer;
  readonly digest: Digest;
}

export interface SendOptions {
  /** The raw image. */
  readonly file: string;
  /** Indexes of the blocks to send, ascending. */
  readonly indexes: readonly number[];
  /** The blocks of the image: a block that has changed since is not sent. */
  readonly blocks: readonly ListedBlock[];
  /** Blocks in flight, each in memory. @default 64 */
  readonly inFlight?: number;
  readonly signal: AbortSignal;
  /** Sends one block, with its own retries. A rejection ends the upload. */
  send(block: SentBlock, signal: AbortSignal): Promise<void>;
}

/**
 * Sends blocks of a raw image, several at a time. The file is read once, in order.
 *
 * @returns the sha256 of every block, in the order of `indexes`
 * @throws DIGEST_MISMATCH when the file is not the image that `blocks` describes, and what `send` throws
 */
export async function sendBlocks({ file, indexes, blocks, inFlight = 64, signal, send }: SendOptions): Promise<Digest[]> {
  const marks = new Map(blocks.map(({ index, mark }) => [index, mark]));
  const digests = new Array<Digest>(indexes.length);
  const idle: Buffer[] = [];
  await using handle = await open(file);
  await forEachParallel(indexes.entries(), inFlight, signal, async ([at, index], stop) => {
    stop.throwIfAborted();
    const bytes = idle.pop() ?? Buffer.allocUnsafeSlow(BLOCK_BYTES);
    const { bytesRead } = await handle.read(bytes, 0, BLOCK_BYTES, index * BLOCK_BYTES);
    bytes.fill(0, bytesRead);
    const digest = checkBlock(file, index, bytes, marks);
    digests[at] = digest;
    await send({ index, bytes, digest }, stop);
    idle.push(bytes);
  });
  signal.throwIfAborted();
  return digests;
}
