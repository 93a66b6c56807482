import { createHash } from "node:crypto";
import { crc64 } from "./crc64.ts";

const MIB = 1 << 20;

/** Size of the blob in bytes: 20 MiB and a footer. */
export const BLOB_BYTES = 20 * MIB + 512;

/** Body and range of a row that gives no others. */
export const PAGE = Buffer.alloc(512, "page");
export const FIRST = "bytes=0-511";

/** A write request and its expected status and code. */
export interface PagePut {
  readonly what: string;
  /** @default {@link FIRST} */
  readonly range?: string;
  /** @default {@link PAGE} */
  readonly body?: Buffer;
  readonly headers?: Readonly<Record<string, string>>;
  readonly answer: string;
  /** Azurite accepts it. */
  readonly lenient?: true;
}

/** Source: Azure Blob Storage REST API, "Put Page". Asked of the stand-in and of Azurite. */
export const PAGE_PUTS: readonly PagePut[] = [
  { what: "a page", answer: "201" },
  { what: "a correct MD5", headers: { "content-md5": createHash("md5").update(PAGE).digest("base64") }, answer: "201" },
  { what: "a wrong MD5", headers: { "content-md5": createHash("md5").digest("base64") }, answer: "400 Md5Mismatch" },
  { what: "a correct CRC-64", headers: { "x-ms-content-crc64": crc64(PAGE) }, answer: "201" },
  { what: "a wrong CRC-64", headers: { "x-ms-content-crc64": crc64(Buffer.alloc(512)) }, answer: "400 Crc64Mismatch" },
  { what: "4 MiB", range: `bytes=0-${4 * MIB - 1}`, body: Buffer.alloc(4 * MIB), answer: "201" },
  {
    what: "more than 4 MiB",
    range: `bytes=0-${4 * MIB + 511}`,
    body: Buffer.alloc(4 * MIB + 512),
    answer: "413 RequestBodyTooLarge",
    lenient: true,
  },
  { what: "the last page", range: `bytes=${BLOB_BYTES - 512}-${BLOB_BYTES - 1}`, answer: "201" },
  { what: "a page behind the end", range: `bytes=${BLOB_BYTES}-${BLOB_BYTES + 511}`, answer: "416 InvalidPageRange" },
  { what: "half a page", range: "bytes=0-255", body: Buffer.alloc(256), answer: "416 InvalidPageRange" },
  { what: "a page that begins at byte 1", range: "bytes=1-512", answer: "416 InvalidPageRange" },
  { what: "a body that is longer than its range", body: Buffer.alloc(1024), answer: "400 InvalidHeaderValue" },
  { what: "an unknown kind of write", headers: { "x-ms-page-write": "put" }, answer: "400 InvalidHeaderValue" },
  { what: "a request to clear pages", headers: { "x-ms-page-write": "clear" }, body: Buffer.alloc(0), answer: "201" },
  { what: "a malformed version", headers: { "x-ms-version": "1" }, answer: "400 InvalidHeaderValue", lenient: true },
  { what: "a conditional header", headers: { "if-match": "*" }, answer: "400 ConditionHeadersNotSupported", lenient: true },
  { what: "a bearer token", headers: { authorization: "Bearer t" }, answer: "400 InvalidAuthenticationInfo", lenient: true },
];
