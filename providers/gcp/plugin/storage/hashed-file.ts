import { createHash } from "node:crypto";
import { open } from "node:fs/promises";
import type { Digest } from "../../../../sdk/core/digest.ts";
import { LinuxKitError } from "../../../../sdk/core/errors.ts";
import { Crc32c } from "./crc32c.ts";

/** A piece of a file. */
export interface FileChunk {
  readonly at: number;
  /** Valid until the chunk after the next is requested. */
  readonly bytes: Uint8Array;
}

/** Checksums of the whole file. */
export interface HashedFile {
  crc32c: string;
}

/**
 * A file in chunks, each hashed before it is yielded. The last chunk is yielded only after the digest of the whole file
 * matches, so a wrong file is never sent completely.
 *
 * @param into filled before the last chunk is yielded
 * @throws DIGEST_MISMATCH
 */
export async function* hashedFile(
  file: string,
  { size, digest, chunkBytes }: { readonly size: number; readonly digest: Digest; readonly chunkBytes: number },
  into: HashedFile,
): AsyncGenerator<FileChunk> {
  const sha256 = createHash("sha256");
  const crc32c = new Crc32c();
  await using handle = await open(file);
  const memory = [0, 1].map(() => Buffer.allocUnsafeSlow(Math.min(chunkBytes, size)));
  for (let at = 0, turn = 0; at < size; at += chunkBytes, turn ^= 1) {
    const bytes = (memory[turn] as Buffer).subarray(0, Math.min(chunkBytes, size - at));
    const { bytesRead } = await handle.read(bytes, 0, bytes.length, at);
    sha256.update(bytes.subarray(0, bytesRead));
    crc32c.update(bytes);
    if (at + chunkBytes >= size) {
      const got = `sha256:${sha256.digest("hex")}`;
      if (got !== digest)
        throw new LinuxKitError(
          "DIGEST_MISMATCH",
          `${file} is not the file that the build wrote (got ${got}, wanted ${digest}): run \`pulumi up --refresh\` to build it again`,
          { path: file, want: digest, got },
        );
      into.crc32c = crc32c.base64();
    }
    yield { at, bytes };
  }
}
