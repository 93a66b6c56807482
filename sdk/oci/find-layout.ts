import { z } from "zod";
import { LinuxKitError } from "../core/errors.ts";
import type { ContentSource } from "./content.ts";
import type { Descriptor, Platform } from "./descriptor.ts";
import { parseDocument } from "./document.ts";
import { parseIndex, selectPlatform } from "./image-index.ts";
import { MANIFEST_LIMIT, parseManifest } from "./manifest.ts";
import { isIndexType, MEDIA_TYPE } from "./media-type.ts";
import { openSource, type SourceOptions } from "./open-source.ts";
import { parseReference } from "./reference.ts";

/** An image with every blob that some of its platforms need. */
export interface FoundLayout {
  /** The index or manifest that the reference names. */
  readonly root: Descriptor;
  /** The root, then manifests, configurations and layers, each once. */
  readonly blobs: readonly Descriptor[];
}

/**
 * Finds an image that is to be copied unchanged. Its index stays whole, but only the manifests of `platforms` are
 * followed. Index and manifests are fetched into the store; configurations and layers are not. A platform without a
 * variant matches any.
 *
 * @throws as `findImage`; UNSUPPORTED for an index within an index
 */
export async function findLayout(reference: string, platforms: readonly Platform[], options: SourceOptions): Promise<FoundLayout> {
  const parsed = parseReference(reference);
  const source = await openSource(parsed, options);
  const root = await readDocument(source, (parsed.kind === "registry" ? parsed.digest : undefined) ?? parsed.tag, options);
  const manifests = isIndexType(root.mediaType) ? platforms.map((platform) => choose(root, platform, parsed.text)) : [root.descriptor];
  const blobs: Descriptor[] = [root.descriptor];
  for (const descriptor of manifests) {
    const { bytes, mediaType } =
      descriptor.digest === root.descriptor.digest ? root : await readDocument(source, descriptor.digest, options);
    if (isIndexType(mediaType))
      throw new LinuxKitError("UNSUPPORTED", `${parsed.text}: an index within an index: use the digest of the inner index instead`, {
        what: parsed.text,
      });
    const { config, layers } = parseManifest(bytes, `manifest ${descriptor.digest} of ${parsed.text}`, mediaType);
    blobs.push(descriptor, config, ...layers);
  }
  const { mediaType, digest, size } = root.descriptor;
  return { root: { mediaType, digest, size }, blobs: [...new Map(blobs.map((blob) => [blob.digest, blob])).values()] };
}

const typed = z.object({ mediaType: z.string().optional() });

interface Read {
  readonly descriptor: Descriptor;
  readonly mediaType: string;
  readonly bytes: Uint8Array;
}

async function readDocument(source: ContentSource, tagOrDigest: string | undefined, { store }: SourceOptions): Promise<Read> {
  const { descriptor, bytes } = await source.document(tagOrDigest);
  if (!(await store.find(descriptor.digest))) await store.put([bytes], descriptor);
  // a layout does not know the media type of a blob that its index does not list
  const said =
    descriptor.mediaType ||
    (parseDocument(typed, bytes, source.named(descriptor.digest), MANIFEST_LIMIT).mediaType ?? MEDIA_TYPE.ociManifest);
  return { descriptor: { ...descriptor, mediaType: said }, mediaType: said, bytes };
}

function choose({ bytes, descriptor }: Read, platform: Platform, what: string): Descriptor {
  const index = parseIndex(bytes, `index of ${what}`, descriptor.mediaType);
  const exact = index.manifests.filter(({ platform: own }) => platform.variant === undefined || own?.variant === platform.variant);
  return selectPlatform({ ...index, manifests: platform.variant === undefined ? index.manifests : exact }, platform, what);
}
