import { LinuxKitError } from "../core/errors.ts";
import type { Entry } from "./entry.ts";

/**
 * Passes an entry's body through and checks its length.
 *
 * @throws SIZE_MISMATCH when the body is shorter or longer than the header's size
 */
export async function* wholeBody(entry: Entry): AsyncGenerator<Uint8Array> {
  let got = 0;
  for await (const chunk of entry.body) {
    got += chunk.length;
    if (got > entry.size) break;
    yield chunk;
  }
  if (got !== entry.size) {
    throw new LinuxKitError(
      "SIZE_MISMATCH",
      `${entry.path}: its header declares ${entry.size} bytes, but its body has ${got > entry.size ? "more" : got}`,
      { path: entry.path, want: entry.size, got },
    );
  }
}
