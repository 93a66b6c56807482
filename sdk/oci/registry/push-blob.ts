import type { Bytes } from "../../core/bytes.ts";
import type { Digest } from "../../core/digest.ts";
import { LinuxKitError, isLinuxKitError } from "../../core/errors.ts";
import { rechunk } from "../../core/rechunk.ts";
import type { HttpResponse } from "../../net/http.ts";
import { namedUrl } from "../../net/named-url.ts";
import { backOff, pause } from "../../net/retry.ts";
import type { Descriptor } from "../descriptor.ts";
import type { Repository } from "./client.ts";

export interface PushBlobOptions {
  /** A repository of the same registry that may hold the blob, to mount it from there instead of sending it. */
  readonly mountFrom?: string | undefined;
  /** Bytes of a piece, which are held in memory. A blob up to this size is sent in one request, a larger one in pieces. @default 16 MiB */
  readonly chunkSize?: number | undefined;
}

const OCTETS = { "content-type": "application/octet-stream" };

/**
 * Pushes a blob that a repository lacks (distribution-spec, "Pushing blobs"). It is mounted from another repository where
 * that works, else sent, whole or in pieces. A piece whose connection is cut is sent again.
 *
 * @param source the blob's bytes; the registry verifies them against the digest
 * @returns `held` if the repository had it, `mounted`, or `sent`
 * @throws ACCESS_DENIED, NETWORK, TIMEOUT, CANCELLED; SIZE_MISMATCH when the source has another size
 */
export async function pushBlob(
  repository: Repository,
  descriptor: Descriptor,
  source: Bytes,
  options: PushBlobOptions = {},
): Promise<"held" | "mounted" | "sent"> {
  const what = repository.named(descriptor.digest);
  if (await hasBlob(repository, descriptor.digest)) return "held";

  const mount = options.mountFrom !== undefined && options.mountFrom !== repository.repository ? options.mountFrom : undefined;
  const query = mount === undefined ? "" : `?${new URLSearchParams({ mount: descriptor.digest, from: mount })}`;
  const started = await repository.request({
    method: "POST",
    path: `blobs/uploads/${query}`,
    headers: { "content-length": "0" },
    accept: mount === undefined ? [202] : [201, 202],
    what,
    ...(mount !== undefined && { alsoPull: mount }),
  });
  await started.drop();
  if (started.status === 201) return "mounted";

  const smallest = Number(started.headers.get("oci-chunk-min-length") ?? 0) || 0;
  const chunkSize = Math.max(options.chunkSize ?? 16 << 20, Math.min(smallest, 256 << 20));
  let session = sessionOf(started, what);
  let sent = 0;
  let last: Uint8Array = new Uint8Array(0);
  for await (const piece of rechunk(source, Math.max(1, Math.min(chunkSize, descriptor.size)))) {
    if (sent + piece.length > descriptor.size) throw wrongSize(what, descriptor.size, sent + piece.length);
    // the last piece is the body of the request that closes the session
    if (sent + piece.length === descriptor.size) last = piece;
    else {
      session = await sendPiece(repository, session, piece, sent, what);
      sent += piece.length;
    }
  }
  if (sent + last.length !== descriptor.size) throw wrongSize(what, descriptor.size, sent + last.length);
  await close(repository, session, descriptor, last, sent, what);
  return "sent";
}

// after a cut connection the registry may have a part of the piece: a GET on the session returns how much
async function sendPiece(repository: Repository, start: URL, piece: Uint8Array, offset: number, what: string): Promise<URL> {
  const { retry, signal } = repository.transport;
  let session = start;
  let at = offset;
  for (let attempt = 1; ; attempt++) {
    const rest = piece.subarray(at - offset);
    try {
      const headers = { ...OCTETS, "content-range": `${at}-${at + rest.length - 1}` };
      const response = await repository.request({
        method: "PATCH",
        path: session,
        headers,
        body: rest,
        repeatable: false,
        accept: [202],
        what,
      });
      await response.drop();
      return sessionOf(response, what);
    } catch (error) {
      if (attempt >= retry.attempts || !(isLinuxKitError(error, "NETWORK") || isLinuxKitError(error, "TIMEOUT"))) throw error;
      await pause(backOff(retry, attempt), signal);
      const status = await repository.request({ path: session, accept: [204], what });
      await status.drop();
      session = sessionOf(status, what);
      at = received(status);
      if (at < offset || at > offset + piece.length) throw error;
      if (at === offset + piece.length) return session;
    }
  }
}

async function close(
  repository: Repository,
  session: URL,
  { digest }: Descriptor,
  last: Uint8Array,
  offset: number,
  what: string,
): Promise<void> {
  if (offset > 0 && last.length > 0) {
    const next = await sendPiece(repository, session, last, offset, what);
    return close(repository, next, { digest, size: 0, mediaType: "" }, Buffer.alloc(0), offset + last.length, what);
  }
  const url = new URL(session);
  url.searchParams.set("digest", digest);
  try {
    await (await repository.request({ method: "PUT", path: url, headers: OCTETS, body: last, accept: [201], what })).drop();
  } catch (error) {
    // if the answer to the first try was lost, the second finds the session closed and the blob stored
    if (!isLinuxKitError(error, "NOT_FOUND") || !(await hasBlob(repository, digest))) throw error;
  }
}

/** Whether a repository has a blob. */
export async function hasBlob(repository: Repository, digest: Digest): Promise<boolean> {
  const what = repository.named(digest);
  const response = await repository.request({ method: "HEAD", path: `blobs/${digest}`, accept: [200, 404], what });
  await response.drop();
  return response.status === 200;
}

function sessionOf(response: HttpResponse, what: string): URL {
  const location = response.headers.get("location");
  if (location === null) throw new LinuxKitError("NETWORK", `${what}: the registry did not open an upload session`, { url: what });
  return namedUrl(response.url, location, "opens an upload session at");
}

function received(response: HttpResponse): number {
  const [, end] = /^(?:bytes=)?0-(\d+)$/.exec(response.headers.get("range") ?? "") ?? [];
  return end === undefined ? 0 : Number(end) + 1;
}

function wrongSize(path: string, want: number, got: number): LinuxKitError {
  return new LinuxKitError("SIZE_MISMATCH", `${path}: got ${got} bytes to push, wanted ${want}`, { path, want, got });
}
