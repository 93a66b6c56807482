import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { type Digest, hexOf, isDigest } from "../core/digest.ts";
import { type Memory, collect, verify } from "../core/bytes.ts";
import { LinuxKitError, isLinuxKitError } from "../core/errors.ts";
import { fileBytes } from "../core/file-bytes.ts";
import type { ContentSource } from "./content.ts";
import type { Descriptor } from "./descriptor.ts";
import { parseDocument } from "./document.ts";
import { type ImageIndex, parseIndex } from "./image-index.ts";
import { MANIFEST_LIMIT } from "./manifest.ts";

/** The annotation of a layout's index that holds a tag. */
export const REF_NAME = "org.opencontainers.image.ref.name";

/** The content of a layout's `oci-layout` file. */
export const LAYOUT_MARKER = '{"imageLayoutVersion":"1.0.0"}';

/**
 * Opens an OCI image layout on disk as a source of images (image-spec, image-layout.md).
 *
 * @throws NOT_FOUND where the folder is not a layout; CORRUPT where it is malformed; UNSUPPORTED for another version
 */
export async function openLayout(directory: string): Promise<ContentSource> {
  const index = await readLayoutIndex(directory);
  const named = (tagOrDigest: string) => `oci:${directory}:${tagOrDigest}`;
  const open = ({ digest }: Descriptor, memory?: Memory) => readBlob(directory, digest, named(digest), memory);
  return {
    name: `oci:${directory}`,
    named,
    open,
    async document(tagOrDigest) {
      const descriptor =
        tagOrDigest !== undefined && isDigest(tagOrDigest)
          ? await sized(directory, tagOrDigest, index, named)
          : tagged(index, tagOrDigest, directory);
      const what = named(tagOrDigest ?? descriptor.digest);
      return { descriptor, bytes: await collect(verify(open(descriptor), descriptor, what), MANIFEST_LIMIT, what) };
    },
  };
}

/** Reads a layout's `index.json`. @throws NOT_FOUND, CORRUPT, UNSUPPORTED, TOO_LARGE */
export async function readLayoutIndex(directory: string): Promise<ImageIndex> {
  // one after the other, so that the error for a folder that is not a layout always names the same file
  const read = (name: string): Promise<Buffer> =>
    readFile(join(directory, name)).catch((error: NodeJS.ErrnoException) => {
      throw new LinuxKitError(
        "NOT_FOUND",
        `${directory} is not an OCI layout: its ${name} cannot be read (${error.code})`,
        { what: join(directory, name) },
        { cause: error },
      );
    });
  const marker = await read("oci-layout");
  const index = await read("index.json");
  const { imageLayoutVersion } = parseDocument(
    z.object({ imageLayoutVersion: z.string() }),
    marker,
    join(directory, "oci-layout"),
    64 << 10,
  );
  if (!imageLayoutVersion.startsWith("1."))
    throw new LinuxKitError("UNSUPPORTED", `${directory} is an OCI layout of version ${imageLayoutVersion}, wanted 1.0.0`, {
      what: directory,
    });
  return parseIndex(index, join(directory, "index.json"));
}

function tagged(index: ImageIndex, tag: string | undefined, directory: string): Descriptor {
  const names = index.manifests.flatMap(({ annotations }) => annotations?.[REF_NAME] ?? []);
  const found = index.manifests.filter(({ annotations }) => tag === undefined || annotations?.[REF_NAME] === tag);
  const [first] = found;
  if (first && (tag !== undefined || found.length === 1)) return first;
  const held = `it has ${names.join(", ") || "no tags"}`;
  const why =
    tag === undefined
      ? `${directory} holds ${found.length} images: name one, as oci:${directory}:TAG; ${held}`
      : `${directory} has no ${tag}; ${held}`;
  throw new LinuxKitError("NOT_FOUND", why, { what: `oci:${directory}${tag === undefined ? "" : `:${tag}`}` });
}

async function sized(directory: string, digest: Digest, index: ImageIndex, named: (digest: string) => string): Promise<Descriptor> {
  const listed = index.manifests.find((manifest) => manifest.digest === digest);
  if (listed) return listed;
  const stats = await stat(blobPath(directory, digest)).catch(() => undefined);
  if (!stats?.isFile()) throw new LinuxKitError("NOT_FOUND", `${named(digest)} does not exist`, { what: named(digest) });
  return { mediaType: "", digest, size: stats.size };
}

async function* readBlob(directory: string, digest: Digest, what: string, memory: Memory = "own"): AsyncGenerator<Uint8Array> {
  try {
    yield* fileBytes(blobPath(directory, digest), { memory });
  } catch (error) {
    if (!isLinuxKitError(error, "NOT_FOUND")) throw error;
    throw new LinuxKitError("NOT_FOUND", `${what} does not exist: the layout is incomplete`, { what }, { cause: error });
  }
}

function blobPath(directory: string, digest: Digest): string {
  return join(directory, "blobs", "sha256", hexOf(digest));
}
