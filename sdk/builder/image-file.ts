import type { Entry } from "../archive/entry.ts";
import type { Bytes } from "../core/bytes.ts";
import { LinuxKitError } from "../core/errors.ts";

/**
 * The content of one file of an image; undefined where nothing is at that path.
 *
 * @param open begins the image's tree; called again when the path turns out to be a hard link
 * @throws INVALID_DEFINITION where the path is something else than a file
 */
export async function fileOf(open: () => AsyncGenerator<Entry>, path: string): Promise<Bytes | undefined> {
  const tree = open();
  for (;;) {
    const { value: entry, done } = await tree.next();
    if (done) return undefined;
    if (entry.path !== path) continue;
    if (entry.type === "file") return untilRead(entry.body, tree);
    await tree.return(undefined);
    if (entry.type === "hardlink") return fileOf(open, entry.link ?? "");
    throw new LinuxKitError("INVALID_DEFINITION", `${path}: the image has a ${entry.type} there, wanted a file`, { path });
  }
}

// what the tree holds open is let go with the body
async function* untilRead(body: Bytes, tree: AsyncGenerator<Entry>): AsyncGenerator<Uint8Array> {
  try {
    yield* body;
  } finally {
    await tree.return(undefined);
  }
}
