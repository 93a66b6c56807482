import { randomBytes } from "node:crypto";
import { isLinuxKitError } from "../../../../sdk/core/errors.ts";
import type { OnProgress } from "../../../../sdk/core/progress.ts";
import type { ListedBlock } from "../../../../sdk/upload/block-list.ts";
import { BLOCK_BYTES } from "../../../../sdk/upload/block-map.ts";
import type { Journal } from "../../../../sdk/upload/journal.ts";
import { bytesToSend, journaledUpload, megabytes } from "../../../../sdk/upload/journaled-upload.ts";
import { type Run, runsOf, sendRuns } from "../../../../sdk/upload/send-runs.ts";
import { transfer } from "../../../../sdk/upload/transfer.ts";
import { Md5Thread } from "./md5-thread.ts";
import type { PageService, PageWriter } from "./page-service.ts";

/** The most that one request may write. Source: "Put Page". */
const PAGE_BYTES = 4 << 20;

/** Requests in flight; each holds 4 MiB in memory. */
const IN_FLIGHT = 8;

/** Milliseconds that undoing a failed upload may take. */
const UNDO_MS = 60_000;

export interface PageUpload {
  /** The image of the format `vhd`. */
  readonly file: string;
  /** Bytes of it. */
  readonly size: number;
  readonly blocks: readonly ListedBlock[];
  /** Prefix of the name. */
  readonly prefix: string;
  readonly tags: Readonly<Record<string, string>>;
  readonly journal: Journal;
  /** @default 8 */
  readonly inFlight?: number | undefined;
  readonly signal: AbortSignal;
  readonly onProgress: OnProgress;
}

/** The result of an upload. */
export interface UploadedPages {
  readonly name: string;
  /** Bytes sent by this run, without those of an earlier run that it resumed. */
  readonly bytesSent: number;
}

/**
 * Writes an image into a managed disk or a page blob; zeroes are not sent. A killed upload resumes where the journal ends;
 * one that fails or is cancelled leaves nothing behind.
 *
 * @throws ACCESS_DENIED and NETWORK with Azure's message, DIGEST_MISMATCH when the file is not what the build wrote
 */
export async function uploadPages(service: PageService, upload: PageUpload): Promise<UploadedPages> {
  return journaledUpload({
    ...upload,
    undoMs: UNDO_MS,
    remove: (name, signal) => service.remove(name, signal),
    async write(begins) {
      const begun = await begin(service, upload, begins);
      if (!("writer" in begun)) return { name: begun.name, bytesSent: 0 };
      return write(service, upload, begun);
    },
  });
}

interface Begun {
  readonly name: string;
  readonly writer: PageWriter;
  /** Blocks that an earlier run has written. */
  readonly done: ReadonlySet<number>;
}

async function write(
  service: PageService,
  { journal, signal, onProgress, ...upload }: PageUpload,
  { name, writer, done }: Begun,
): Promise<UploadedPages> {
  const runs = runsOf(upload.blocks, PAGE_BYTES / BLOCK_BYTES).filter((run) => !isDone(run, done));
  const bytesSent = runs.reduce((sum, { index, count }) => sum + Math.min(count * BLOCK_BYTES, upload.size - index * BLOCK_BYTES), 0);
  const toSend = bytesToSend(bytesSent, done.size * BLOCK_BYTES);
  const message = done.size > 0 ? toSend : `${toSend} of ${megabytes(upload.size)}: the rest is zeroes`;
  onProgress({ stage: "upload", message, lasting: true });
  const line = transfer(name, bytesSent, onProgress);
  await using thread = new Md5Thread();
  await sendRuns({
    file: upload.file,
    size: upload.size,
    runs,
    blocks: upload.blocks,
    inFlight: upload.inFlight ?? IN_FLIGHT,
    signal,
    async send({ index, count, bytes }, stop) {
      await writer.put({ offset: index * BLOCK_BYTES, bytes, md5: await thread.digest(bytes) }, stop);
      await journal.append({ index, count });
      line.add(bytes.length);
    },
  });
  await service.finish(name, upload.tags, signal);
  await journal.append({ finished: true });
  onProgress({ stage: "upload", message: `${name} is complete: ${line.summary()}`, lasting: true });
  return { name, bytesSent };
}

function isDone({ index, count }: Run, done: ReadonlySet<number>): boolean {
  return Array.from({ length: count }, (_, at) => index + at).every((block) => done.has(block));
}

interface JournalLine {
  readonly name?: string;
  /** What marks the disk or blob while it is written. */
  readonly mark?: string;
  readonly index?: number;
  readonly count?: number;
  /** Written once every block was sent, and the mark was removed. */
  readonly finished?: boolean;
}

/**
 * Resumes the upload that the journal names if possible, otherwise begins another. `names` gets the name before it is created.
 * Only the journal tells that an earlier run has completed it: others may set tags.
 */
async function begin(
  service: PageService,
  { journal, prefix, size, tags, signal }: PageUpload,
  names: (name: string | undefined) => void,
): Promise<Begun | Pick<Begun, "name">> {
  const lines = journal.before as readonly JournalLine[];
  const { name: earlier, mark: marked } = lines.find(({ name }) => name !== undefined) ?? {};
  if (earlier !== undefined) {
    names(earlier);
    const found = await service.find(earlier, signal);
    if (found && lines.some(({ finished }) => finished)) return { name: earlier };
    if (found && marked !== undefined && found.mark === marked) {
      const writer = await service.open(earlier, signal).catch((error: unknown) => {
        // its write access was revoked: start over under another name
        if (isLinuxKitError(error, "ACCESS_DENIED") || isLinuxKitError(error, "NOT_FOUND")) return undefined;
        throw error;
      });
      const done = lines.flatMap(({ index, count = 1 }) =>
        index === undefined ? [] : Array.from({ length: count }, (_, at) => index + at),
      );
      if (writer) return { name: earlier, writer, done: new Set(done) };
      await service.remove(earlier, signal);
    }
    names(undefined);
  }
  await journal.restart();
  const name = `${prefix}-${randomBytes(4).toString("hex")}${service.suffix}`;
  const mark = randomBytes(16).toString("hex");
  await journal.append({ name, mark });
  names(name);
  await service.begin({ name, size, mark, tags }, signal);
  return { name, writer: await service.open(name, signal), done: new Set() };
}
