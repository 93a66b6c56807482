import type { Digest } from "../core/digest.ts";
import { LinuxKitError } from "../core/errors.ts";
import type { BlobStore } from "./blob-store.ts";

/**
 * The content of a file of the definition, which has only its digest. A chunk counts until the next one is read.
 *
 * @param path where the file goes, for messages
 * @throws NOT_FOUND when the store does not hold it
 */
export async function* storedContent(store: BlobStore, digest: Digest, path: string): AsyncGenerator<Uint8Array> {
  if (!(await store.find(digest)))
    throw new LinuxKitError(
      "NOT_FOUND",
      `${path}: its content ${digest} is not in the cache; run the build on the computer that has the file`,
      {
        what: digest,
      },
    );
  yield* store.open(digest, "reused");
}
