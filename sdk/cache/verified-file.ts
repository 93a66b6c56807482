import { rm } from "node:fs/promises";
import { verify } from "../core/bytes.ts";
import type { Digest } from "../core/digest.ts";
import { isLinuxKitError, LinuxKitError } from "../core/errors.ts";
import { fileBytes, type FileBytesOptions } from "../core/file-bytes.ts";

/**
 * The bytes of a file in the cache, or of a part of it. The last chunk comes once the sha256 is verified, because others may
 * write in a shared folder. A file that has changed is removed, so that the next run fetches or makes it again.
 *
 * @param options.index the file that says where the part is, removed likewise
 * @throws NOT_FOUND while iterating, when the file does not exist; DIGEST_MISMATCH if it has changed
 */
export function verifiedFile(
  path: string,
  digest: Digest,
  { index, ...part }: FileBytesOptions & { readonly index?: string } = {},
): AsyncIterable<Uint8Array> {
  return {
    async *[Symbol.asyncIterator]() {
      const bytes = verify(fileBytes(path, part), { digest }, path);
      const next = () => bytes.next().catch((error: unknown) => removeChanged([path, ...(index === undefined ? [] : [index])], error));
      try {
        for (let chunk = await next(); !chunk.done; chunk = await next()) yield chunk.value;
      } finally {
        // a reader that stops early, as one does on garbage, does not end the check
        while (!(await next()).done);
      }
    },
  };
}

async function removeChanged(paths: readonly string[], error: unknown): Promise<never> {
  if (!isLinuxKitError(error, "DIGEST_MISMATCH")) throw error;
  for (const path of paths) await rm(path, { force: true });
  const message = `${error.message}: the file in the cache has changed and is removed: run this again to restore it`;
  throw new LinuxKitError("DIGEST_MISMATCH", message, error.detail, { cause: error });
}
