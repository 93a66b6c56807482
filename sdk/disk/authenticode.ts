import { createHash } from "node:crypto";
import type { Bytes } from "../core/bytes.ts";
import { LinuxKitError } from "../core/errors.ts";
import { parsePe, PE_HEAD_BYTES, type PeHeaders } from "./pe.ts";

/** A hash of an image that comes in pieces. */
export interface ImageHash {
  update(chunk: Uint8Array): void;
  digest(): Buffer;
}

/**
 * The sha256 that a Secure Boot signature covers and that firmware measures into PCR 4 (Windows Authenticode Portable
 * Executable Signature Format). It covers the whole image except its checksum, the pointer to its signatures and the
 * signatures, padded with zeroes to a multiple of 8 bytes. The image is streamed.
 *
 * @param path names the image in messages
 * @throws CORRUPT when it is not a PE32+ image, UNSUPPORTED for gaps between sections, which other tools hash differently
 */
export async function authenticodeDigest(image: Bytes, path = "image"): Promise<Buffer> {
  const hash = authenticodeHash(path);
  for await (const chunk of image) hash.update(chunk);
  return hash.digest();
}

/** {@link authenticodeDigest} of an image in pieces. The caller may reuse a piece's memory once `update` returns. */
export function authenticodeHash(path = "image"): ImageHash {
  const hash = createHash("sha256");
  let head: Buffer | undefined = Buffer.alloc(0);
  let end = Number.POSITIVE_INFINITY;
  let at = 0;
  const begin = (bytes: Buffer): void => {
    const pe = parsePe(bytes, path);
    checkContiguous(pe, path);
    if (pe.certificates.size > 0) end = pe.certificates.offset;
    const checksum = pe.optionalAt + 64;
    const pointer = pe.optionalAt + 144;
    hash
      .update(bytes.subarray(0, checksum))
      .update(bytes.subarray(checksum + 4, pointer))
      .update(bytes.subarray(pointer + 8, end));
    at = Math.min(bytes.length, end);
    head = undefined;
  };
  return {
    update(chunk) {
      if (head) {
        head = Buffer.concat([head, chunk]);
        if (head.length >= PE_HEAD_BYTES) begin(head);
        return;
      }
      const part = chunk.subarray(0, Math.max(0, end - at));
      hash.update(part);
      at += part.length;
    },
    digest() {
      if (head) begin(head);
      return hash.update(new Uint8Array(-at & 7)).digest();
    },
  };
}

function checkContiguous(pe: PeHeaders, path: string): void {
  let end = pe.sizeOfHeaders;
  for (const section of pe.sections.filter(({ rawSize }) => rawSize > 0).sort((a, b) => a.rawOffset - b.rawOffset)) {
    if (section.rawOffset !== end)
      throw new LinuxKitError(
        "UNSUPPORTED",
        `${path}: section ${section.name} begins at ${section.rawOffset}, but the one before it ends at ${end}`,
        { what: "gaps between sections" },
      );
    end = section.rawOffset + section.rawSize;
  }
}
