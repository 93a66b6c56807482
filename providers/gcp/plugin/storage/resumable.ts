import { collect } from "../../../../sdk/core/bytes.ts";
import { LinuxKitError } from "../../../../sdk/core/errors.ts";
import type { HttpResponse } from "../../../../sdk/net/http.ts";
import { isTransientStatus } from "../../../../sdk/net/retry.ts";
import type { StorageClient } from "./bucket-client.ts";
import type { StoredObject } from "./object.ts";

/*
 * One resumable upload. Source: Cloud Storage documentation, "Resumable uploads" and "Perform resumable uploads".
 */

/** Every chunk but the last is a multiple of this. */
export const CHUNK_UNIT = 256 << 10;

/** The progress of a session. */
export type SessionState =
  /** It has the bytes from 0 up to, not including, `have`. */
  | { readonly at: "open"; readonly have: number }
  | { readonly at: "done"; readonly object: StoredObject }
  /** It was cancelled or has expired: start another. */
  | { readonly at: "gone" }
  /** Temporarily unavailable: ask again after a pause. */
  | { readonly at: "busy"; readonly retryAfter: string | null; readonly response: LinuxKitError };

export interface NewObject {
  readonly bucket: string;
  readonly object: string;
  readonly size: number;
  readonly metadata: Readonly<Record<string, string>>;
}

/** Starts an upload. @returns the session's URL, which alone authorizes writes to this object */
export async function startSession(client: StorageClient, { bucket, object, size, metadata }: NewObject): Promise<string> {
  const type = "application/gzip";
  const response = await client.send({
    what: `upload to gs://${bucket}/${object}`,
    method: "POST",
    url: `${client.uploads(bucket)}?uploadType=resumable&name=${encodeURIComponent(object)}`,
    headers: { "x-upload-content-type": type, "x-upload-content-length": `${size}` },
    json: { name: object, contentType: type, metadata },
  });
  await response.drop();
  const session = response.headers.get("location");
  if (session === null)
    throw new LinuxKitError("NETWORK", `upload to gs://${bucket}/${object}: Cloud Storage started it but sent no session URL`, {
      url: object,
    });
  return session;
}

/** Asks for the progress of a session. */
export async function sessionState(client: StorageClient, session: string, size: number): Promise<SessionState> {
  return stateOf(client, await put(client, session, `bytes */${size}`, undefined, true));
}

/** Sends bytes from `at` on. */
export async function putChunk(client: StorageClient, session: string, bytes: Uint8Array, at: number, size: number): Promise<SessionState> {
  // never repeated blindly: ask first how much has arrived
  return stateOf(client, await put(client, session, `bytes ${at}-${at + bytes.length - 1}/${size}`, bytes, false));
}

/** Cancels a session and drops its bytes. Succeeds if the session does not exist. */
export async function cancelSession(client: StorageClient, session: string): Promise<void> {
  // 499: Cloud Storage's status for a cancelled upload
  const response = await client.send({
    what: "cancelling an upload",
    method: "DELETE",
    url: session,
    body: new Uint8Array(0),
    takes: [404, 410, 499],
  });
  await response.drop();
}

const TAKES = [308, 404, 408, 410, 429, 499, 500, 502, 503, 504];

function put(
  client: StorageClient,
  session: string,
  range: string,
  body: Uint8Array | undefined,
  repeatable: boolean,
): Promise<HttpResponse> {
  return client.send({
    what: "upload",
    method: "PUT",
    url: session,
    headers: { "content-range": range },
    ...(body && { body }),
    repeatable,
    takes: TAKES,
  });
}

async function stateOf(client: StorageClient, response: HttpResponse): Promise<SessionState> {
  const { status, headers } = response;
  if (isTransientStatus(status))
    return { at: "busy", retryAfter: headers.get("retry-after"), response: await client.refusal(response, "upload") };
  if (status === 200 || status === 201)
    return { at: "done", object: JSON.parse((await collect(response.body)).toString()) as StoredObject };
  await response.drop();
  if (status !== 308) return { at: "gone" };
  const range = headers.get("range");
  return { at: "open", have: range === null ? 0 : Number(/^bytes=0-(\d+)$/.exec(range)?.[1] ?? Number.NaN) + 1 };
}
