import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Entry, type EntryHeader, NO_BODY } from "../../archive/entry.ts";
import { readTar } from "../../archive/read-tar.ts";
import { verify } from "../../core/bytes.ts";
import { LinuxKitError, throwIfCancelled } from "../../core/errors.ts";
import { UnnamedFile } from "../../core/unnamed-file.ts";
import { decompress } from "../decompress.ts";
import type { Layer } from "../layer.ts";
import { type LayerMeter, type FlattenLimits, createLayerMeter, withDefaults } from "./limits.ts";
import { Tree } from "./tree.ts";

export interface FlattenOptions {
  /** Folder of the spool for file contents, which takes about the uncompressed size of the image. @default the system's temporary folder */
  readonly spoolDirectory?: string | undefined;
  readonly limits?: FlattenLimits | undefined;
  readonly signal?: AbortSignal | undefined;
}

const WHITEOUT = ".wh.";
const OPAQUE = ".wh..wh..opq";
const ID_MAX = 2 ** 32 - 2;

/** An image's layers as one tree, whose file contents are in a spool on disk until it is disposed of. */
export interface FlatImage extends AsyncDisposable {
  /** Bytes of the spool. */
  readonly size: number;
  /**
   * The same layers give the same entries: sorted by path in code units, so that parents come first, except that a hard
   * link comes after its file. The root (`""`) appears only if a layer holds it. A parent that no layer holds gets mode
   * 0755 and owner root. A chunk of a body is valid until the next one is asked for. Several may be read at a time.
   */
  entries(signal?: AbortSignal): AsyncGenerator<Entry>;
}

/**
 * Flattens an image's layers, bottom first, into one filesystem tree (image-spec, layer.md). Whiteouts and opaque
 * directories are applied, hard links are kept across layers, gzip and zstd are decompressed, and each layer is verified
 * against its digest and diff id. A `..` in a name leads no higher than the root, as with umoci and containerd. Memory holds one
 * record for each path.
 *
 * @throws HOSTILE_ARCHIVE for hard links to the root, loops of links, and layers that exceed the limits
 * @throws CORRUPT, DIGEST_MISMATCH, SIZE_MISMATCH, DISK_FULL, UNWRITABLE, CANCELLED
 */
export async function flattenImage(layers: readonly Layer[], options: FlattenOptions = {}): Promise<FlatImage> {
  const spool = await UnnamedFile.open(join(options.spoolDirectory ?? tmpdir(), "flatten"));
  try {
    const meter = createLayerMeter(withDefaults(options.limits));
    const tree = new Tree(meter.entry);
    for (const layer of layers) await applyLayer(tree, spool, layer, meter, options.signal);
    return {
      size: spool.size,
      entries: (signal) => entriesOf(tree, spool, signal),
      [Symbol.asyncDispose]: () => spool[Symbol.asyncDispose](),
    };
  } catch (error) {
    await spool[Symbol.asyncDispose]();
    throw error;
  }
}

/** The entries of an image that is read once: see {@link flattenImage}. The first is yielded once every layer is verified. */
export async function* flatten(layers: readonly Layer[], options: FlattenOptions = {}): AsyncGenerator<Entry> {
  await using image = await flattenImage(layers, options);
  yield* image.entries(options.signal);
}

async function* entriesOf(tree: Tree, spool: UnnamedFile, signal: AbortSignal | undefined): AsyncGenerator<Entry> {
  const reader = await spool.reader("reused");
  for (const { path, inode, link } of tree.paths()) {
    throwIfCancelled(signal, "flattening an image");
    if (link !== undefined) yield { ...inode.header, path, type: "hardlink", size: 0, link, body: NO_BODY };
    else
      yield {
        ...inode.header,
        path,
        type: inode.type,
        body: inode.type === "file" ? reader.read(inode.offset, inode.header.size) : NO_BODY,
      };
  }
}

async function applyLayer(tree: Tree, spool: UnnamedFile, layer: Layer, meter: LayerMeter, signal: AbortSignal | undefined): Promise<void> {
  const what = `layer ${layer.digest}`;
  tree.nextLayer(what);
  const blob = verify(layer.open(), layer, what);
  const tar = meter.bytes(decompress(blob, what, "reused"), layer.size, what);
  const checked = layer.diffId ? verify(tar, { digest: layer.diffId }, `${what}, uncompressed`) : tar;
  for await (const entry of readTar(checked, what, { end: "optional", parents: "clamped" })) {
    throwIfCancelled(signal, "flattening an image");
    const { body, ...header } = entry;
    meter.entry(weigh(header), what);
    if (!whiteOut(tree, header, what)) {
      checkIds(header, what);
      tree.add(header, header.type === "file" ? await spool.append(body) : 0);
    }
  }
}

function whiteOut(tree: Tree, { path }: EntryHeader, what: string): boolean {
  const slash = path.lastIndexOf("/");
  const name = path.slice(slash + 1);
  if (!name.startsWith(WHITEOUT)) return false;
  const directory = path.slice(0, Math.max(slash, 0));
  if (name === OPAQUE) {
    tree.whiteOutContents(directory);
    return true;
  }
  const hidden = name.slice(WHITEOUT.length);
  if (["", ".", ".."].includes(hidden))
    throw new LinuxKitError("HOSTILE_ARCHIVE", `${what}: ${path}: a whiteout of ${JSON.stringify(hidden)}`, { path });
  tree.whiteOut(directory === "" ? hidden : `${directory}/${hidden}`);
  return true;
}

function checkIds({ path, uid, gid }: EntryHeader, what: string): void {
  for (const [name, id] of Object.entries({ uid, gid })) {
    if (id < 0 || id > ID_MAX) throw new LinuxKitError("CORRUPT", `${what}: ${path}: ${name} is ${id}, wanted 0 to ${ID_MAX}`, { path });
  }
}

function weigh({ path, link = "", xattrs }: EntryHeader): number {
  let bytes = path.length + link.length;
  for (const [name, value] of xattrs ?? []) bytes += name.length + value.length;
  return bytes;
}
