import type { BlobStore } from "../cache/blob-store.ts";
import { collect } from "../core/bytes.ts";
import { type Digest, isDigest } from "../core/digest.ts";
import { LinuxKitError } from "../core/errors.ts";
import type { ContentSource, StoredDocument } from "./content.ts";
import type { Descriptor, Platform } from "./descriptor.ts";
import { CONFIG_LIMIT, parseImageConfig, type ImageConfigDocument } from "./image-config.ts";
import { parseIndex, selectPlatform } from "./image-index.ts";
import { type Manifest, MANIFEST_LIMIT, parseManifest } from "./manifest.ts";
import { MEDIA_TYPE, bareMediaType, isIndexType } from "./media-type.ts";

/** An image for one platform: everything that is known before a layer is fetched. */
export interface OciImage {
  /** The reference that was asked for, expanded: `docker.io/library/nginx:1.27`. */
  readonly name: string;
  /** The manifest's digest; a reference with it always names this image. */
  readonly digest: Digest;
  readonly manifest: Manifest;
  readonly config: ImageConfigDocument;
  /** The outermost index that the manifest was chosen from; undefined for a reference to a manifest. */
  readonly index: Descriptor | undefined;
}

/** Most indexes that are followed from one to the next. */
const DEPTH_LIMIT = 4;

/**
 * Finds an image and reads its index, manifest and configuration, which are kept in `store`. With a digest, documents
 * that the store holds are not fetched again. A reference to a manifest is accepted for any platform, as in LinuxKit;
 * an index must list the platform.
 *
 * @param tagOrDigest undefined for a registry's `latest`, or the only image of a layout or an archive
 * @throws NOT_FOUND for a missing image or platform; UNSUPPORTED for an artifact that is not a container image; CORRUPT,
 * DIGEST_MISMATCH, SIZE_MISMATCH, TOO_LARGE; and errors of the source
 */
export async function resolveImage(
  source: ContentSource,
  tagOrDigest: string | undefined,
  platform: Platform,
  store: BlobStore,
): Promise<OciImage> {
  let document = await findDocument(source, tagOrDigest, store);
  const name = source.named(tagOrDigest ?? document.descriptor.digest);
  let index: Descriptor | undefined;
  for (let depth = 0; isIndexType(mediaTypeOf(document)); depth++) {
    if (depth === DEPTH_LIMIT) throw new LinuxKitError("CORRUPT", `${name}: indexes nested more than ${DEPTH_LIMIT} deep`, { path: name });
    index ??= document.descriptor;
    const chosen = selectPlatform(parseIndex(document.bytes, `index of ${name}`, document.descriptor.mediaType), platform, name);
    const bytes = (await findDocument(source, chosen.digest, store)).bytes;
    document = { descriptor: chosen, bytes };
  }
  const manifest = parseManifest(document.bytes, `manifest of ${name}`, document.descriptor.mediaType || undefined);
  if (manifest.config.mediaType !== MEDIA_TYPE.ociConfig && manifest.config.mediaType !== MEDIA_TYPE.dockerConfig) {
    throw new LinuxKitError(
      "UNSUPPORTED",
      `${name} is not a container image: its configuration is ${manifest.config.mediaType}, wanted ${MEDIA_TYPE.ociConfig}`,
      { what: name },
    );
  }
  const what = `configuration of ${name}`;
  if (manifest.config.size > CONFIG_LIMIT) {
    throw new LinuxKitError("TOO_LARGE", `${what}: ${manifest.config.size} bytes, wanted at most ${CONFIG_LIMIT}`, {
      what,
      limit: CONFIG_LIMIT,
      got: manifest.config.size,
    });
  }
  if (!(await store.find(manifest.config.digest))) await store.put(source.open(manifest.config), manifest.config, { what });
  const config = parseImageConfig(await collect(store.open(manifest.config.digest), undefined, what), what);
  if (config.diffIds.length > 0 && config.diffIds.length !== manifest.layers.length) {
    throw new LinuxKitError("CORRUPT", `${what} lists ${config.diffIds.length} layers, its manifest ${manifest.layers.length}`, {
      path: name,
    });
  }
  return { name, digest: document.descriptor.digest, manifest, config, index };
}

async function findDocument(source: ContentSource, tagOrDigest: string | undefined, store: BlobStore): Promise<StoredDocument> {
  const held = tagOrDigest !== undefined && isDigest(tagOrDigest) ? await store.find(tagOrDigest) : undefined;
  if (held && held.size <= MANIFEST_LIMIT) {
    return {
      descriptor: { mediaType: "", digest: held.digest, size: held.size },
      bytes: await collect(store.open(held.digest), MANIFEST_LIMIT),
    };
  }
  const document = await source.document(tagOrDigest);
  await store.put([document.bytes], document.descriptor);
  return document;
}

// the store does not keep the media type that the registry gave; the document holds it, or its members show it
function mediaTypeOf({ descriptor, bytes }: StoredDocument): string {
  if (descriptor.mediaType) return bareMediaType(descriptor.mediaType);
  try {
    const { mediaType, manifests } = JSON.parse(Buffer.from(bytes).toString()) as { mediaType?: unknown; manifests?: unknown };
    if (typeof mediaType === "string") return mediaType;
    return Array.isArray(manifests) ? MEDIA_TYPE.ociIndex : MEDIA_TYPE.ociManifest;
  } catch {
    return MEDIA_TYPE.ociManifest;
  }
}
