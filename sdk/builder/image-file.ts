import type { Entry } from "../archive/entry.ts";
import type { Bytes } from "../core/bytes.ts";
import { LinuxKitError } from "../core/errors.ts";

/**
 * The content of one file of an image; undefined if the image has no such path.
 *
 * @param open starts reading the image's tree; called again if the path is a hard link
 * @throws INVALID_DEFINITION if the path is not a file
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
    throw new LinuxKitError("INVALID_DEFINITION", `${path}: got a ${entry.type} in the image, wanted a file`, { path });
  }
}

// closes the tree once the body is read
async function* untilRead(body: Bytes, tree: AsyncGenerator<Entry>): AsyncGenerator<Uint8Array> {
  try {
    yield* body;
  } finally {
    await tree.return(undefined);
  }
}
