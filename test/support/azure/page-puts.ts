import { createHash } from "node:crypto";
import { crc64 } from "./crc64.ts";

const MIB = 1 << 20;

/** Bytes of the blob that pages are put into: 20 MiB and a footer. */
export const BLOB_BYTES = 20 * MIB + 512;

/** A page, and where it goes unless a row says otherwise. */
export const PAGE = Buffer.alloc(512, "page");
export const FIRST = "bytes=0-511";

/** A request to write, and the status and code that answer it. */
export interface PagePut {
  readonly what: string;
  /** @default {@link FIRST} */
  readonly range?: string;
  /** @default {@link PAGE} */
  readonly body?: Buffer;
  readonly headers?: Readonly<Record<string, string>>;
  readonly answer: string;
  /** Azurite takes it all the same. */
  readonly lenient?: true;
}

/** Source: Azure Blob Storage REST API, "Put Page". */
export const PAGE_PUTS: readonly PagePut[] = [
  { what: "a page", answer: "201" },
  { what: "its MD5", headers: { "content-md5": createHash("md5").update(PAGE).digest("base64") }, answer: "201" },
  { what: "another's MD5", headers: { "content-md5": createHash("md5").digest("base64") }, answer: "400 Md5Mismatch" },
  { what: "its CRC-64", headers: { "x-ms-content-crc64": crc64(PAGE) }, answer: "201" },
  { what: "another's CRC-64", headers: { "x-ms-content-crc64": crc64(Buffer.alloc(512)) }, answer: "400 Crc64Mismatch" },
  { what: "4 MiB", range: `bytes=0-${4 * MIB - 1}`, body: Buffer.alloc(4 * MIB), answer: "201" },
  {
    what: "more than 4 MiB",
    range: `bytes=0-${4 * MIB + 511}`,
    body: Buffer.alloc(4 * MIB + 512),
    answer: "413 RequestBodyTooLarge",
    lenient: true,
  },
  { what: "the footer's place", range: `bytes=${BLOB_BYTES - 512}-${BLOB_BYTES - 1}`, answer: "201" },
  { what: "what is behind the end", range: `bytes=${BLOB_BYTES}-${BLOB_BYTES + 511}`, answer: "416 InvalidPageRange" },
  { what: "half a page", range: "bytes=0-255", body: Buffer.alloc(256), answer: "416 InvalidPageRange" },
  { what: "a page that begins at byte 1", range: "bytes=1-512", answer: "416 InvalidPageRange" },
  { what: "another length than the range's", body: Buffer.alloc(1024), answer: "400 InvalidHeaderValue" },
  { what: "no kind of write", headers: { "x-ms-page-write": "put" }, answer: "400 InvalidHeaderValue" },
  { what: "pages to clear", headers: { "x-ms-page-write": "clear" }, body: Buffer.alloc(0), answer: "201" },
  { what: "a version that is none", headers: { "x-ms-version": "1" }, answer: "400 InvalidHeaderValue", lenient: true },
  { what: "a condition", headers: { "if-match": "*" }, answer: "400 ConditionHeadersNotSupported", lenient: true },
  { what: "the token of the other plane", headers: { authorization: "Bearer t" }, answer: "400 InvalidAuthenticationInfo", lenient: true },
];
