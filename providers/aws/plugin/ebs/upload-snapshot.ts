import { createHash, randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { type Digest, hexOf } from "../../../../sdk/core/digest.ts";
import { isLinuxKitError, LinuxKitError } from "../../../../sdk/core/errors.ts";
import type { OnProgress } from "../../../../sdk/core/progress.ts";
import { blocksToWrite, type ListedBlock } from "../../../../sdk/upload/block-list.ts";
import { BLOCK_BYTES } from "../../../../sdk/upload/block-map.ts";
import type { Journal } from "../../../../sdk/upload/journal.ts";
import { bytesToSend, journaledUpload, megabytes } from "../../../../sdk/upload/journaled-upload.ts";
import { sendBlocks } from "../../../../sdk/upload/send-blocks.ts";
import { transfer } from "../../../../sdk/upload/transfer.ts";
import { isInvalid } from "../access/failure.ts";
import type { SnapshotService, StartedSnapshot } from "./snapshot-service.ts";

const GIB = 2 ** 30;

/** Minutes without a block after which AWS drops a pending snapshot, so that a killed upload costs little. */
const ABANDONED_MINUTES = 60;

/** Milliseconds for which an upload waits until AWS has completed its snapshot. */
const COMPLETE_MS = 30 * 60_000;

/** Looks in a row in which AWS does not know a snapshot whose blocks it took: then it was deleted. */
const MISSING_LOOKS = 60;

/** Milliseconds that undoing a failed upload may take. */
const UNDO_MS = 30_000;

export interface SnapshotUpload {
  /** The raw image, a whole number of GiB. */
  readonly file: string;
  /** Bytes. */
  readonly size: number;
  readonly blocks: readonly ListedBlock[];
  /** A completed snapshot of the state's own, and the blocks that were sent to it: only blocks that differ are sent. */
  readonly parent?: { readonly id: string; readonly encrypted: boolean; readonly blocks: readonly ListedBlock[] } | undefined;
  readonly encrypted?: boolean | undefined;
  readonly kmsKeyArn?: string | undefined;
  readonly description: string;
  readonly tags: Readonly<Record<string, string>>;
  readonly journal: Journal;
  /** @default 64 */
  readonly inFlight?: number | undefined;
  /** Milliseconds between two looks at a snapshot that AWS is completing. @default 2000 */
  readonly pollMs?: number | undefined;
  /** Milliseconds for which to wait until AWS has completed it. @default 1,800,000 */
  readonly completeMs?: number | undefined;
  readonly signal: AbortSignal;
  readonly onProgress: OnProgress;
}

/** The result of an upload. */
export interface UploadedSnapshot {
  readonly id: string;
  readonly encrypted: boolean;
  /** Blocks and bytes sent by this run, without those of an earlier run that it resumed. */
  readonly blocksSent: number;
  readonly bytesSent: number;
}

/**
 * Writes a raw image into an EBS snapshot and waits until AWS has completed it. A killed upload resumes where the journal
 * ends; one that fails or is cancelled leaves no snapshot.
 *
 * Source: Amazon EBS User Guide, "Use the EBS direct APIs to write snapshots".
 *
 * @throws UNSUPPORTED for a block size other than 512 KiB, NETWORK and ACCESS_DENIED with AWS's message, NOT_FOUND for a snapshot that was deleted meanwhile, DIGEST_MISMATCH when the file is not what the build wrote, TIMEOUT when AWS does not complete the snapshot, which then stays for the next run
 */
export async function uploadSnapshot(service: SnapshotService, upload: SnapshotUpload): Promise<UploadedSnapshot> {
  const tokens = new Set<string>();
  return journaledUpload({
    ...upload,
    undoMs: UNDO_MS,
    // the same token returns the snapshot that it has started
    async lost(signal) {
      const again = await Promise.allSettled([...tokens].map((token) => start(service, { ...upload, signal }, token)));
      return again.flatMap((answer) => (answer.status === "fulfilled" ? [answer.value.id] : []));
    },
    remove: (id, signal) => service.remove(id, signal),
    keeps: (error) => isLinuxKitError(error, "TIMEOUT") && error.detail.waitingFor === COMPLETION,
    async write(begins) {
      const ask = async (token: string, upload: SnapshotUpload): Promise<StartedSnapshot> => {
        tokens.add(token);
        const snapshot = await start(service, upload, token);
        begins(snapshot.id);
        tokens.delete(token);
        return snapshot;
      };
      const whole = { ...upload, parent: undefined };
      const begun = await begin(service, upload, ask).catch(async (error: unknown) => {
        if (!upload.parent || !(isInvalid(error) || isLinuxKitError(error, "NOT_FOUND"))) throw error;
        upload.onProgress({
          stage: "upload",
          message: `${upload.parent.id} cannot be the parent: ${(error as Error).message}`,
          lasting: true,
        });
        return undefined;
      });
      if (begun && (!upload.parent || begun.snapshot.encrypted === upload.parent.encrypted)) return write(service, upload, begun);
      // The account encrypts by default since the parent was made, so that a child of it is refused; or the parent is gone.
      // Source: EBS User Guide, "Encryption outcomes for EBS direct APIs", an unencrypted parent.
      if (begun) await service.remove(begun.snapshot.id, upload.signal);
      await upload.journal.restart();
      return write(service, whole, await begin(service, whole, ask));
    },
  });
}

interface Begun {
  readonly snapshot: StartedSnapshot;
  /** Blocks that an earlier run has sent; all of them if the snapshot is complete. */
  readonly done: Pick<ReadonlySet<number>, "has" | "size">;
  /** Whether an earlier run has asked AWS to complete it. */
  readonly isCompleting?: boolean;
}

/** The token with which an upload started its snapshot, from its journal. */
function tokenIn(lines: readonly unknown[]): string | undefined {
  return (lines as readonly { readonly token?: string }[]).find((line) => line.token !== undefined)?.token;
}

async function write(
  service: SnapshotService,
  upload: SnapshotUpload,
  { snapshot, done, isCompleting = false }: Begun,
): Promise<UploadedSnapshot> {
  const { journal, signal, onProgress } = upload;
  const indexes = indexesOf(upload, snapshot);
  const blocksSent = indexes.filter((index) => !done.has(index)).length;
  const bytesSent = blocksSent * BLOCK_BYTES;
  onProgress({ stage: "upload", message: saving(upload, blocksSent, done.size), lasting: true });
  const line = transfer(snapshot.id, bytesSent, onProgress);
  const digests = await sendBlocks({
    file: upload.file,
    indexes,
    blocks: upload.blocks,
    signal,
    ...(upload.inFlight !== undefined && { inFlight: upload.inFlight }),
    async send({ index, bytes, digest }, stop) {
      if (done.has(index)) return;
      await service.put(snapshot.id, index, bytes, digest, stop);
      await journal.append({ index });
      line.add(bytes.length);
    },
  });
  const { status } = (await service.describe(snapshot.id, signal)) ?? { status: "pending" };
  // otherwise an earlier run was killed after it had completed the snapshot
  if (status === "pending") {
    await journal.append({ completing: true });
    await service.complete(snapshot.id, indexes.length, linearChecksum(digests), signal).catch((error: unknown) => {
      // AWS may refuse to complete what it is completing already
      if (!isCompleting || !isInvalid(error)) throw error;
    });
  }
  await completed(service, snapshot.id, upload);
  onProgress({ stage: "upload", message: `${snapshot.id} is complete: ${line.summary()}`, lasting: true });
  return { id: snapshot.id, encrypted: snapshot.encrypted, blocksSent, bytesSent };
}

/** Resumes the snapshot that the journal names if possible, otherwise starts a new one. */
async function begin(
  service: SnapshotService,
  upload: SnapshotUpload,
  ask: (token: string, upload: SnapshotUpload) => Promise<StartedSnapshot>,
): Promise<Begun> {
  const { journal, signal } = upload;
  const lines = journal.before as readonly { readonly index?: number; readonly completing?: boolean }[];
  const token = tokenIn(lines);
  if (token !== undefined) {
    const snapshot = await ask(token, upload).catch((error) => {
      // started with other arguments, or deleted
      if (isLinuxKitError(error, "NOT_FOUND") || isLinuxKitError(error, "UNSUPPORTED")) return undefined;
      throw error;
    });
    const state = snapshot && (await service.describe(snapshot.id, signal));
    if (snapshot && state?.status === "completed") return { snapshot, done: { has: () => true, size: upload.blocks.length } };
    if (snapshot && state?.status === "pending")
      return {
        snapshot,
        done: new Set(lines.flatMap(({ index }) => index ?? [])),
        isCompleting: lines.some(({ completing }) => completing),
      };
    if (state) await service.remove(state.id, signal);
  }
  await journal.restart();
  const fresh = randomUUID();
  await journal.append({ token: fresh });
  return { snapshot: await ask(fresh, upload), done: new Set() };
}

async function start(
  service: SnapshotService,
  { size, description, tags, parent, encrypted, kmsKeyArn, signal }: SnapshotUpload,
  token: string,
): Promise<StartedSnapshot> {
  const request = {
    sizeGiB: Math.ceil(size / GIB),
    description,
    tags,
    token,
    timeoutMinutes: ABANDONED_MINUTES,
  };
  const snapshot = await service.start({ ...request, ...(parent ? { parent: parent.id } : { encrypted, kmsKeyArn }) }, signal);
  if (snapshot.blockBytes === BLOCK_BYTES) return snapshot;
  await service.remove(snapshot.id);
  throw new LinuxKitError(
    "UNSUPPORTED",
    `EBS asks for blocks of ${snapshot.blockBytes} bytes, but pulumi-linuxkit writes blocks of ${BLOCK_BYTES} bytes`,
    {
      what: "blocks of another size",
    },
  );
}

/** The blocks to send, in ascending order: the snapshot's checksum depends on it. */
function indexesOf({ parent, blocks, size }: SnapshotUpload, snapshot: StartedSnapshot): number[] {
  if (parent) return blocksToWrite(parent.blocks, blocks);
  // blocks that were never written read as zeroes only in an unencrypted snapshot
  if (snapshot.encrypted) return Array.from({ length: (Math.ceil(size / GIB) * GIB) / BLOCK_BYTES }, (_, index) => index);
  return blocks.map(({ index }) => index);
}

/** Source: "CompleteSnapshot", ChecksumAggregationMethod LINEAR. */
function linearChecksum(digests: readonly Digest[]): string {
  const hash = createHash("sha256");
  for (const digest of digests) hash.update(Buffer.from(hexOf(digest), "hex"));
  return hash.digest("base64");
}

/** What a TIMEOUT of {@link completed} waited for. */
const COMPLETION = "a snapshot's completion";

async function completed(
  service: SnapshotService,
  id: string,
  { signal, onProgress, pollMs = 2000, completeMs = COMPLETE_MS }: SnapshotUpload,
): Promise<void> {
  let missing = 0;
  const since = performance.now();
  for (let look = 0; ; look++) {
    const state = await service.describe(id, signal);
    if (state?.status === "completed") return;
    if (state?.status === "error")
      throw new LinuxKitError("NETWORK", `${id}: AWS could not complete the snapshot: ${state.reason ?? "no reason given"}`, {
        url: id,
      });
    missing = state ? 0 : missing + 1;
    if (missing >= MISSING_LOOKS)
      throw new LinuxKitError(
        "NOT_FOUND",
        `${id}: the snapshot was deleted while AWS completed it: run the update again, which sends the image again`,
        {
          what: id,
        },
      );
    const seconds = Math.round(completeMs / 1000);
    if (performance.now() - since >= completeMs)
      throw new LinuxKitError(
        "TIMEOUT",
        `${id}: AWS has not completed the snapshot ${seconds} s after its last block: run the update again, which waits for the same snapshot and sends nothing twice`,
        { seconds, waitingFor: COMPLETION },
      );
    if (look > 0) onProgress({ stage: "upload", message: `${id}: all blocks are sent, AWS is completing it` });
    await sleep(pollMs, undefined, { signal });
  }
}

function saving({ parent, blocks }: SnapshotUpload, count: number, resumed: number): string {
  const line = bytesToSend(count * BLOCK_BYTES, resumed * BLOCK_BYTES);
  return resumed > 0 || !parent ? line : `${line} of ${megabytes(blocks.length * BLOCK_BYTES)}: ${parent.id} has the rest`;
}
