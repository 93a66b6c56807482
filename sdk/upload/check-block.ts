import { type Digest, digestOf } from "../core/digest.ts";
import { LinuxKitError } from "../core/errors.ts";
import { isZero } from "../core/zero.ts";
import { markOf } from "./block-list.ts";

/** Compares a block with its mark from the build, by index. @returns its sha256 @throws DIGEST_MISMATCH */
export function checkBlock(file: string, index: number, bytes: Uint8Array, marks: ReadonlyMap<number, string>): Digest {
  const digest = digestOf(bytes);
  const mark = isZero(bytes) ? undefined : markOf(digest);
  if (mark === marks.get(index)) return digest;
  throw new LinuxKitError(
    "DIGEST_MISMATCH",
    `${file}: block ${index} is not what the build wrote: run \`pulumi up --refresh\` to build it again`,
    { path: file, want: marks.get(index) ?? "zeroes", got: mark ?? "zeroes" },
  );
}
