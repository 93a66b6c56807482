import { sendToAzure } from "../access/client.ts";

/** The version of the Blob service's REST API. */
export const STORAGE_VERSION = "2023-11-03";

/** Seconds that one request may take: 8 requests of 4 MiB share a slow line. */
const PAGE_SECONDS = 300;

/** Consecutive pages. */
export interface Pages {
  /** Bytes from the start; this and the length are multiples of 512. */
  readonly offset: number;
  /** At most 4 MiB. */
  readonly bytes: Uint8Array;
  /** MD5 of the bytes, in base64. */
  readonly md5: string;
}

/**
 * Writes pages; the service checks their MD5.
 *
 * Source: Azure Storage REST API, "Put Page".
 *
 * @param url of the blob, with a signature if it has one
 */
export async function putPage(
  url: string,
  what: string,
  headers: Readonly<Record<string, string>>,
  { offset, bytes, md5 }: Pages,
  signal: AbortSignal,
): Promise<void> {
  const target = new URL(url);
  target.searchParams.set("comp", "page");
  await sendToAzure(
    {
      what: `${what}, pages at ${offset}`,
      method: "PUT",
      url: target.href,
      headers: {
        ...headers,
        "x-ms-version": STORAGE_VERSION,
        "x-ms-page-write": "update",
        "x-ms-range": `bytes=${offset}-${offset + bytes.length - 1}`,
        "content-md5": md5,
        "content-type": "application/octet-stream",
      },
      body: bytes,
      timeoutSeconds: PAGE_SECONDS,
    },
    signal,
  );
}
