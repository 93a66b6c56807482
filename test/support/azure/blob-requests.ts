/**
 * Plays the Blob service as far as the page blob behind a managed disk has it.
 *
 * Source: Azure Blob Storage REST API: Put Page, Get Page Ranges, Get Blob Properties, Get Blob.
 * Source: AzCopy, `isInManagedDiskImportExportAccount`, on what accounts for imports lack.
 * Judged by: test/azure/azurite.judge.test.ts asks Azurite for the same page writes (see `lenient` for the differences).
 * Assumed: the code of an operation that the account lacks.
 */
import type { IncomingMessage } from "node:http";
import type { PageBlob } from "./page-blob.ts";
import { AzureRefusal } from "./refusal.ts";

/** An answer of Azure Resource Manager, Entra ID or the Blob service. */
export interface HttpAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
}

/** The store of the blobs. */
interface Blobs {
  open(path: string, query: URLSearchParams, write: boolean): PageBlob;
}

/** Name of a Blob service operation in the REST API reference. */
export function blobAction(method: string, query: URLSearchParams, headers: IncomingMessage["headers"]): string {
  const comp = query.get("comp");
  if (method === "PUT" && comp === "page") return headers["x-ms-page-write"] === "clear" ? "Clear Pages" : "Put Page";
  if (method === "GET" && comp === "pagelist") return "Get Page Ranges";
  if (method === "HEAD" && comp === null) return "Get Blob Properties";
  if (method === "GET" && comp === null) return "Get Blob";
  return "unknown";
}

/**
 * The answer of the blob behind a managed disk. Its pages can be written, cleared, listed and read. Accounts for imports
 * support no conditional headers and create no blobs.
 */
export async function blobRequest(
  blobs: Blobs,
  action: string,
  path: string,
  query: URLSearchParams,
  headers: IncomingMessage["headers"],
  body: Buffer,
): Promise<HttpAnswer> {
  if (headers.authorization !== undefined)
    throw new AzureRefusal(
      400,
      "InvalidAuthenticationInfo",
      "Authentication information is not given in the correct format: a shared access signature and the header Authorization.",
    );
  if (action === "unknown") throw new AzureRefusal(403, "FeatureNotSupported", "the account of a managed disk has no such operation");
  const isWrite = action === "Put Page" || action === "Clear Pages";
  const blob = blobs.open(path, query, isWrite);
  const version = headers["x-ms-version"];
  if (version === undefined)
    throw new AzureRefusal(400, "MissingRequiredHeader", "An HTTP header that's mandatory for this request is not specified: x-ms-version");
  if (!/^20\d\d-[01]\d-[0-3]\d$/.test(String(version)) || version < "2009-09-19")
    throw new AzureRefusal(
      400,
      "InvalidHeaderValue",
      `The value for one of the HTTP headers is not in the correct format: x-ms-version ${version}`,
    );
  if (headers["x-ms-content-crc64"] !== undefined && version < "2019-02-02")
    throw new AzureRefusal(400, "InvalidHeaderValue", `x-ms-content-crc64 came with version 2019-02-02, and x-ms-version is ${version}`);
  const condition = Object.keys(headers).find((name) => /^if-|^x-ms-if-/.test(name));
  if (condition !== undefined)
    throw new AzureRefusal(400, "ConditionHeadersNotSupported", `Condition headers are not supported: ${condition}`);
  const more = { "x-ms-version": String(version), "x-ms-blob-type": "PageBlob" };
  switch (action) {
    case "Put Page":
    case "Clear Pages":
      if (headers["content-length"] === undefined)
        throw new AzureRefusal(411, "MissingContentLengthHeader", "Content-Length HTTP header is missing");
      return { status: 201, headers: { ...more, ...(await blob.put(headers, body)) } };
    case "Get Page Ranges": {
      const ranges = blob.ranges().map(({ from, to }) => `<PageRange><Start>${from}</Start><End>${to - 1}</End></PageRange>`);
      return {
        status: 200,
        headers: { ...more, "content-type": "application/xml", "x-ms-blob-content-length": String(blob.size) },
        body: `<?xml version="1.0" encoding="utf-8"?><PageList>${ranges.join("")}</PageList>`,
      };
    }
    case "Get Blob Properties":
      return { status: 200, headers: { ...more, "content-length": String(blob.size), "content-type": "application/octet-stream" } };
    default: {
      const [, from, to] = /^bytes=(\d+)-(\d+)$/.exec(String(headers["x-ms-range"] ?? headers.range)) ?? [];
      if (from === undefined || Number(to) >= blob.size)
        throw new AzureRefusal(416, "InvalidRange", "The range specified is invalid for the current size of the resource");
      return {
        status: 206,
        headers: { ...more, "content-type": "application/octet-stream", "content-range": `bytes ${from}-${to}/${blob.size}` },
        body: blob.read(Number(from), Number(to) - Number(from) + 1),
      };
    }
  }
}

/** An error in the form of the Blob service. */
export function blobRefusal({ status, code, message, headers }: AzureRefusal): HttpAnswer {
  const body = `<?xml version="1.0" encoding="utf-8"?><Error><Code>${code}</Code><Message>${message.replace(/&/g, "&amp;").replace(/</g, "&lt;")}</Message></Error>`;
  return { status, headers: { ...headers, "content-type": "application/xml", "x-ms-error-code": code }, body };
}
