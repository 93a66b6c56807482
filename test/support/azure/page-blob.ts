/**
 * Plays a page blob in a sparse file.
 *
 * Source: Azure Blob Storage REST API, "Put Page" and "Get Page Ranges".
 * Judged by: test/azure/azurite.judge.test.ts.
 * Assumed: the words of messages.
 */
import { createHash } from "node:crypto";
import { closeSync, ftruncateSync, openSync, readSync, write } from "node:fs";
import type { IncomingHttpHeaders } from "node:http";
import { promisify } from "node:util";
import { crc64 } from "./crc64.ts";
import { AzureRefusal } from "./refusal.ts";

const writeAt = promisify(write);

const PAGE = 512;
const PUT_LIMIT = 4 << 20;

/** A half-open range in bytes. */
export interface ByteRange {
  readonly from: number;
  readonly to: number;
}

/** The pages of one blob. */
export class PageBlob {
  readonly size: number;
  readonly path: string;
  /** For each page, 1 if it was written. */
  readonly #written: Uint8Array;
  readonly #file: number;

  constructor(path: string, size: number) {
    this.path = path;
    this.size = size;
    this.#written = new Uint8Array(size / PAGE);
    this.#file = openSync(path, "w+");
    ftruncateSync(this.#file, size);
  }

  /** Put Page. */
  async put(headers: IncomingHttpHeaders, body: Buffer): Promise<Record<string, string>> {
    const { from, to } = this.#range(headers);
    const mode = headers["x-ms-page-write"];
    if (mode === "clear") {
      if (body.length > 0) throw new AzureRefusal(400, "InvalidHeaderValue", "Content-Length must be 0 where pages are cleared");
      return this.#keep(from, Buffer.alloc(to - from), 0);
    }
    if (mode !== "update")
      throw new AzureRefusal(
        400,
        mode === undefined ? "MissingRequiredHeader" : "InvalidHeaderValue",
        "x-ms-page-write: wanted update or clear",
      );
    if (to - from > PUT_LIMIT)
      throw new AzureRefusal(413, "RequestBodyTooLarge", `a request of ${to - from} bytes, at most ${PUT_LIMIT} are allowed`);
    if (body.length !== to - from)
      throw new AzureRefusal(400, "InvalidHeaderValue", `Content-Length is ${body.length}, and the range ${to - from} bytes`);
    return { ...checkHashes(headers, body), ...(await this.#keep(from, body, 1)) };
  }

  /** The written ranges, as Get Page Ranges lists them. */
  ranges(): ByteRange[] {
    const found: ByteRange[] = [];
    for (let page = this.#written.indexOf(1); page >= 0; ) {
      const end = this.#written.indexOf(0, page);
      const to = end < 0 ? this.#written.length : end;
      found.push({ from: page * PAGE, to: to * PAGE });
      page = this.#written.indexOf(1, to);
    }
    return found;
  }

  read(from: number, length: number): Buffer {
    const bytes = Buffer.alloc(length);
    readSync(this.#file, bytes, 0, length, from);
    return bytes;
  }

  close(): void {
    closeSync(this.#file);
  }

  async #keep(from: number, bytes: Buffer, written: 0 | 1): Promise<Record<string, string>> {
    await writeAt(this.#file, bytes, 0, bytes.length, from);
    this.#written.fill(written, from / PAGE, (from + bytes.length) / PAGE);
    return {
      etag: `"0x${Date.now().toString(16).toUpperCase()}"`,
      "last-modified": new Date().toUTCString(),
      "x-ms-blob-sequence-number": "0",
      "x-ms-request-server-encrypted": "true",
    };
  }

  #range(headers: IncomingHttpHeaders): ByteRange {
    const text = headers["x-ms-range"] ?? headers.range;
    if (text === undefined)
      throw new AzureRefusal(400, "MissingRequiredHeader", "An HTTP header that's mandatory for this request is not specified: x-ms-range");
    const match = /^bytes=(\d+)-(\d+)$/.exec(String(text));
    const [from, to] = [Number(match?.[1]), Number(match?.[2]) + 1];
    if (!match || from >= to || from % PAGE !== 0 || to % PAGE !== 0)
      throw new AzureRefusal(416, "InvalidPageRange", `The page range specified is invalid: ${text}`);
    if (to > this.size)
      throw new AzureRefusal(416, "InvalidPageRange", `The page range specified is invalid: ${text} of a blob of ${this.size} bytes`);
    return { from, to };
  }
}

/** Checks the hashes of a request. @returns the headers of the answer */
function checkHashes(headers: IncomingHttpHeaders, body: Buffer): Record<string, string> {
  const [md5, crc] = [headers["content-md5"], headers["x-ms-content-crc64"]];
  if (md5 !== undefined && crc !== undefined) throw new AzureRefusal(400, "InvalidHeaderValue", "both Content-MD5 and x-ms-content-crc64");
  if (md5 !== undefined) {
    const got = createHash("md5").update(body).digest("base64");
    if (md5 !== got)
      throw new AzureRefusal(
        400,
        "Md5Mismatch",
        `The MD5 value specified in the request did not match with the MD5 value calculated by the server: ${md5}, ${got}.`,
      );
    return { "content-md5": got };
  }
  if (crc === undefined) return {};
  const got = crc64(body);
  if (crc !== got)
    throw new AzureRefusal(
      400,
      "Crc64Mismatch",
      `The CRC64 value specified in the request did not match with the CRC64 value calculated by the server: ${crc}, ${got}.`,
    );
  return { "x-ms-content-crc64": got };
}
