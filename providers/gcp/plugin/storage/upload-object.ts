import type { Digest } from "../../../../sdk/core/digest.ts";
import { LinuxKitError } from "../../../../sdk/core/errors.ts";
import type { OnProgress } from "../../../../sdk/core/progress.ts";
import { backOff, isWorthRetrying, pause } from "../../../../sdk/net/retry.ts";
import type { Journal } from "../../../../sdk/upload/journal.ts";
import { bytesToSend, journaledUpload } from "../../../../sdk/upload/journaled-upload.ts";
import { transfer } from "../../../../sdk/upload/transfer.ts";
import { ATTEMPTS } from "../access/client.ts";
import { type StorageAccess, type StorageClient, storageClient } from "./bucket-client.ts";
import { type HashedFile, hashedFile } from "./hashed-file.ts";
import { removeObject, type StoredObject } from "./object.ts";
import { cancelSession, CHUNK_UNIT, putChunk, type SessionState, sessionState, startSession } from "./resumable.ts";

/** Bytes of a request; memory holds two of them. */
const CHUNK_BYTES = 8 << 20;

/** Milliseconds that undoing a failed upload may take. */
const UNDO_MS = 30_000;

/** Sessions that one upload may use: Cloud Storage may drop a session. */
const SESSIONS = 3;

/** The metadata key whose value is the digest of the file. */
const DIGEST_KEY = "linuxkit-digest";

export interface ObjectUpload {
  readonly file: string;
  /** Bytes. */
  readonly size: number;
  /** sha256 of the file. */
  readonly digest: Digest;
  readonly bucket: string;
  readonly object: string;
  readonly journal: Journal;
  /** A multiple of 256 KiB. @default 8 MiB */
  readonly chunkBytes?: number | undefined;
  readonly signal: AbortSignal;
  readonly onProgress: OnProgress;
}

/**
 * Uploads a file to an object of Cloud Storage. A killed upload resumes where Cloud Storage has got to; one that fails or is
 * cancelled leaves neither a session nor an object. An object of that name is overwritten: whoever may write to the bucket may
 * have put it there, and its name, metadata and CRC-32C do not tell what it holds.
 *
 * @throws DIGEST_MISMATCH when the file is not what the build wrote, or the object is not the file; NOT_FOUND, ACCESS_DENIED and NETWORK with Google's message
 */
export async function uploadObject(access: StorageAccess, upload: ObjectUpload): Promise<StoredObject> {
  const client = storageClient(access, upload.signal);
  return journaledUpload({
    ...upload,
    undoMs: UNDO_MS,
    // a session whose answer was lost cannot be found: it expires after a week
    remove: (session, signal) => abandon(storageClient(access, signal), upload.size, session),
    async write(begins) {
      const earlier = sessionIn(upload);
      begins(earlier);
      return send(client, upload, earlier, begins, access.pauseMs);
    },
  });
}

async function send(
  client: StorageClient,
  upload: ObjectUpload,
  earlier: string | undefined,
  begins: (session: string | undefined) => void,
  pauseMs: number | undefined,
): Promise<StoredObject> {
  for (let attempt = 1, session = earlier; ; attempt++, session = undefined) {
    const begun = await begin(client, upload, session, begins);
    const object = await sendTo(client, begun.session, begun.state, upload, pauseMs);
    if (object) return object;
    begins(undefined);
    if (attempt === SESSIONS)
      throw new LinuxKitError(
        "NETWORK",
        `gs://${upload.bucket}/${upload.object}: Cloud Storage dropped ${SESSIONS} upload sessions in a row: run the update again`,
        {
          url: upload.object,
        },
      );
  }
}

interface Begun {
  readonly session: string;
  readonly state: SessionState;
}

/** Resumes the session that the journal names while Cloud Storage still has it, else starts another. */
async function begin(
  client: StorageClient,
  upload: ObjectUpload,
  session: string | undefined,
  begins: (session: string) => void,
): Promise<Begun> {
  if (session !== undefined) {
    const state = await sessionState(client, session, upload.size);
    if (state.at === "busy") throw state.response;
    if (state.at !== "gone") return { session, state };
  }
  await upload.journal.restart();
  const started = await startSession(client, { ...upload, metadata: { [DIGEST_KEY]: upload.digest } });
  begins(started);
  await upload.journal.append({ session: started, digest: upload.digest });
  return { session: started, state: { at: "open", have: 0 } };
}

/** The session that an earlier run began for the same bytes. */
function sessionIn({ journal, digest }: ObjectUpload): string | undefined {
  return (journal.before as readonly { readonly session?: string; readonly digest?: string }[]).findLast((line) => line.digest === digest)
    ?.session;
}

/** Undefined if Cloud Storage has dropped the session. */
async function sendTo(
  client: StorageClient,
  session: string,
  begun: SessionState,
  upload: ObjectUpload,
  pauseMs: number | undefined,
): Promise<StoredObject | undefined> {
  const { file, size, digest, bucket, object, chunkBytes = CHUNK_BYTES, onProgress } = upload;
  const there = begun.at === "open" ? begun.have : size;
  onProgress({ stage: "upload", message: bytesToSend(size - there, there), lasting: true });
  const line = transfer(`gs://${bucket}/${object.slice(0, 12)}…`, size - there, onProgress);
  const hashed: HashedFile = { crc32c: "" };
  const bytes = sender(client, session, size, begun, pauseMs, (sent) => line.add(sent));
  // while one chunk is sent, the next one is read and hashed
  let under: Promise<SessionState> = Promise.resolve(begun);
  for await (const chunk of hashedFile(file, { size, digest, chunkBytes }, hashed)) {
    if ((await under).at === "gone") return undefined;
    under = bytes(chunk.bytes, chunk.at);
    // handled here too, in case an error ends the loop before this is awaited
    under.catch(() => {});
  }
  const end = await under;
  if (end.at === "gone") return undefined;
  if (end.at !== "done")
    throw new LinuxKitError(
      "NETWORK",
      `gs://${bucket}/${object}: everything is sent, but Cloud Storage expects more: run the update again`,
      { url: object },
    );
  if (end.object.crc32c !== hashed.crc32c) {
    await removeObject(client, end.object);
    throw new LinuxKitError(
      "DIGEST_MISMATCH",
      `gs://${bucket}/${object}: got the checksum ${end.object.crc32c}, wanted ${hashed.crc32c}: run the update again`,
      { path: object, want: hashed.crc32c, got: end.object.crc32c },
    );
  }
  onProgress({ stage: "upload", message: `gs://${bucket}/${object} is complete: ${line.summary()}`, lasting: true });
  return end.object;
}

/** Sends chunks in order until Cloud Storage confirms each; it skips what Cloud Storage already has. */
function sender(
  client: StorageClient,
  session: string,
  size: number,
  begun: SessionState,
  pauseMs = 500,
  onSent: (bytes: number) => void,
): (bytes: Uint8Array, at: number) => Promise<SessionState> {
  let state: SessionState = begun;
  const retry = { attempts: ATTEMPTS, baseMs: pauseMs, maxMs: 20_000 };
  return async (bytes, at) => {
    for (let failures = 0; state.at === "open" && state.have < at + bytes.length; ) {
      const { have } = state;
      if (!Number.isInteger(have / CHUNK_UNIT) || have < at)
        throw new LinuxKitError("NETWORK", `upload: Cloud Storage reports ${have} bytes, but had ${at} before: run the update again`, {
          url: "upload",
        });
      const { next, failure } = await attempt(() => putChunk(client, session, bytes.subarray(have - at), have, size));
      if (next?.at === "open" && next.have > have) failures = 0;
      else if (!next || next.at === "busy" || next.at === "open") {
        failures++;
        const why =
          failure ??
          (next?.at === "busy"
            ? next.response
            : new LinuxKitError("NETWORK", "upload: Cloud Storage accepts no bytes: run the update again", { url: "upload" }));
        if (failures >= retry.attempts) throw why;
        await pause(backOff(retry, failures, next?.at === "busy" ? next.retryAfter : null), client.signal);
      }
      // only Cloud Storage knows how much of a failed request has arrived
      const known: SessionState = !next || next.at === "busy" ? await sessionState(client, session, size) : next;
      if (known.at === "busy") throw known.response;
      const now = known.at === "open" ? known.have : known.at === "done" ? size : have;
      if (now > have) onSent(now - have);
      state = known;
    }
    return state;
  };
}

/** A chunk's answer, or a failure that a retry may fix. */
async function attempt(put: () => Promise<SessionState>): Promise<{ readonly next?: SessionState; readonly failure?: unknown }> {
  try {
    return { next: await put() };
  } catch (failure) {
    if (!isWorthRetrying(failure)) throw failure;
    return { failure };
  }
}

/** Abandons a session. Its last request may have made the object, though the answer never came. */
async function abandon(client: StorageClient, size: number, session: string): Promise<void> {
  const state = await sessionState(client, session, size).catch(() => undefined);
  if (state?.at === "done") await removeObject(client, state.object);
  else await cancelSession(client, session);
}
