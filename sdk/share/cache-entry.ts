import { z } from "zod";
import { collect } from "../core/bytes.ts";
import { digestOf } from "../core/digest.ts";
import { isLinuxKitError, LinuxKitError } from "../core/errors.ts";
import { canonicalJson } from "../core/json.ts";
import { listOf } from "../schema/list-of.ts";
import type { SegmentOrigin, SegmentPaths } from "../cache/segment-store.ts";
import type { Descriptor } from "../oci/descriptor.ts";
import { parseDocument } from "../oci/document.ts";
import { type Manifest, parseManifest } from "../oci/manifest.ts";
import { MEDIA_TYPE } from "../oci/media-type.ts";
import type { Repository } from "../oci/registry/client.ts";
import { fetchBlob, fetchManifest, resolveTag } from "../oci/registry/pull.ts";
import { pushManifest } from "../oci/registry/push.ts";
import { pushBlob, type PushBlobOptions } from "../oci/registry/push-blob.ts";
import type { SigningKey, VerifyingKey } from "../sign/key.ts";

/** The artifact type of a cache entry, and the media types of its two blobs. */
export const CACHE_ENTRY = "application/vnd.pulumi-linuxkit.cache.v1";
const CONTENT = "application/vnd.pulumi-linuxkit.cache.content.v1";
const PATHS = "application/vnd.pulumi-linuxkit.cache.paths.v1+json";

/** The annotation that repeats the key: a tag can be moved to another manifest, the manifest's digest covers this. */
const KEY = "vnd.pulumi-linuxkit.key";

/** The annotation with the signature of {@link statement}, in base64. */
const SIGNATURE = "vnd.pulumi-linuxkit.signature";

/** Most bytes of the list of paths: enough for a million. */
const PATHS_LIMIT = 256 << 20;

/** The content of a cache entry: bytes, and the paths of the root filesystem that they write. */
export interface CacheContent {
  readonly digest: Descriptor["digest"];
  readonly size: number;
  readonly paths: SegmentPaths;
  /** @default this computer made it */
  readonly origin?: SegmentOrigin | undefined;
  /** Streams the bytes, verified: the last chunk comes once size and sha256 are right. */
  open(): AsyncIterable<Uint8Array>;
}

/** The tag of a key: 64 hexadecimal digits. */
function entryTag(key: string): string {
  return `key-${key}`;
}

const names = listOf(z.string());
const pathsSchema = z.strictObject({
  directories: names,
  implied: names,
  files: names,
  shared: names,
  others: names,
  unpacked: z.int().nonnegative().exactOptional(),
});

/**
 * Fetches the entry that a repository has under a key; undefined if it has none. The content is fetched when it is
 * opened.
 *
 * @param key 64 hexadecimal digits
 * @param keys one of them must have signed the entry @default it need not be signed
 * @throws CORRUPT, NOT_FOUND, DIGEST_MISMATCH or SIGNATURE_INVALID for a manifest that is not an entry of this key; and
 * errors of the registry
 */
export async function fetchEntry(repository: Repository, key: string, keys?: readonly VerifyingKey[]): Promise<CacheContent | undefined> {
  const { paths, content, what, signer } = (await findEntry(repository, key, keys)) ?? {};
  if (!paths || !content || what === undefined) return undefined;
  const listed = parseDocument(pathsSchema, await collect(fetchBlob(repository, paths), PATHS_LIMIT, what), what, PATHS_LIMIT);
  const origin: SegmentOrigin = { repository: repository.name, ...(signer && { signer: signer.hint }) };
  return { digest: content.digest, size: content.size, paths: listed, origin, open: () => fetchBlob(repository, content) };
}

/** Whether a repository has an entry under a key, signed by `signer` if it is given. @throws errors of the registry */
export async function hasEntry(repository: Repository, key: string, signer?: SigningKey): Promise<boolean> {
  if (!signer) return (await resolveTag(repository, entryTag(key))) !== undefined;
  try {
    return (await findEntry(repository, key, [signer])) !== undefined;
  } catch (error) {
    if (isLinuxKitError(error, "SIGNATURE_INVALID") || isLinuxKitError(error, "CORRUPT")) return false;
    throw error;
  }
}

async function findEntry(
  repository: Repository,
  key: string,
  keys: readonly VerifyingKey[] | undefined,
): Promise<{ paths: Descriptor; content: Descriptor; what: string; signer: VerifyingKey | undefined } | undefined> {
  const found = await fetchManifest(repository, entryTag(key)).catch((error: unknown) => {
    if (isLinuxKitError(error, "NOT_FOUND")) return undefined;
    throw error;
  });
  if (!found) return undefined;
  const { bytes, descriptor } = found;
  const what = repository.named(entryTag(key));
  const manifest = parseManifest(bytes, what, descriptor.mediaType);
  const [paths, content] = blobsOf(manifest, key, what);
  const signature = Buffer.from(manifest.annotations?.[SIGNATURE] ?? "", "base64");
  const signer = keys?.find((one) => one.verify(statement(key, paths, content), signature));
  if (keys && !signer) {
    throw new LinuxKitError("SIGNATURE_INVALID", `${what} is not signed${signature.length > 0 ? " by a trusted key" : ""}`, {
      source: what,
    });
  }
  return { paths, content, what, signer };
}

/** The bytes whose signature signs an entry: they bind its content to its key. */
function statement(key: string, paths: Descriptor, content: Descriptor): Buffer {
  return Buffer.from(canonicalJson({ type: CACHE_ENTRY, key, paths: paths.digest, content: content.digest }));
}

function blobsOf(
  { artifactType, annotations, config, layers }: Manifest,
  key: string,
  what: string,
): [paths: Descriptor, content: Descriptor] {
  const [content] = layers;
  if (
    artifactType === CACHE_ENTRY &&
    annotations?.[KEY] === key &&
    config.mediaType === PATHS &&
    content?.mediaType === CONTENT &&
    layers.length === 1
  )
    return [config, content];
  throw new LinuxKitError("CORRUPT", `${what} is not a cache entry for this key`, { path: what });
}

export interface PushEntryOptions extends PushBlobOptions {
  /** Signs the entry. @default the entry is not signed */
  readonly signer?: SigningKey | undefined;
}

/**
 * Stores content under a key. Blobs that the repository has are not sent.
 *
 * @returns the bytes of content that were sent
 * @throws as `pushBlob` and `pushManifest`
 */
export async function pushEntry(
  repository: Repository,
  key: string,
  content: CacheContent,
  { signer, ...options }: PushEntryOptions,
): Promise<number> {
  const { directories, implied, files, shared, others, unpacked } = content.paths;
  const listed = Buffer.from(JSON.stringify({ directories, implied, files, shared, others, unpacked }));
  const paths: Descriptor = { mediaType: PATHS, digest: digestOf(listed), size: listed.length };
  const layer: Descriptor = { mediaType: CONTENT, digest: content.digest, size: content.size };
  await pushBlob(repository, paths, [listed]);
  const how = await pushBlob(repository, layer, content.open(), options);
  const signed = signer && { [SIGNATURE]: Buffer.from(await signer.sign(statement(key, paths, layer))).toString("base64") };
  const manifest = {
    schemaVersion: 2,
    mediaType: MEDIA_TYPE.ociManifest,
    artifactType: CACHE_ENTRY,
    config: paths,
    layers: [layer],
    annotations: { [KEY]: key, ...signed },
  };
  await pushManifest(repository, Buffer.from(JSON.stringify(manifest)), MEDIA_TYPE.ociManifest, entryTag(key));
  return how === "sent" ? content.size : 0;
}
