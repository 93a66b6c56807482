import { type Digest, digestOf } from "../core/digest.ts";
import { canonicalJson } from "../core/json.ts";
import { type Bytes, counted, verify } from "../core/bytes.ts";
import { isLinuxKitError } from "../core/errors.ts";
import { fileBytes } from "../core/file-bytes.ts";
import { type OnProgress, runningTotal } from "../core/progress.ts";
import type { Descriptor } from "../oci/descriptor.ts";
import { encodeIndex, parseIndex } from "../oci/image-index.ts";
import { isIndexType, MEDIA_TYPE } from "../oci/media-type.ts";
import { pushArtifact } from "../oci/registry/artifact.ts";
import type { Repository } from "../oci/registry/client.ts";
import { fetchManifest } from "../oci/registry/pull.ts";
import { type BlobHolder, pushImage } from "../oci/registry/push.ts";
import type { SigningKey } from "../sign/key.ts";
import { pushSigned } from "../sign/push-signed.ts";
import { signImage } from "../sign/sign-image.ts";
import { ANNOTATION, OS_ARTIFACT, OS_CONFIG, OS_FILE, type OsConfig, type OsFile, SBOM_SUFFIX, SPDX } from "./os-artifact.ts";

/** A built operating system. */
export interface BuiltOs {
  readonly config: Omit<OsConfig, "version" | "sbom">;
  readonly files: readonly OsFile[];
  /** The SPDX document. */
  readonly sbom?: Uint8Array | undefined;
}

export interface PushOsOptions {
  /** Signs the manifest and the index. @default neither is signed */
  readonly key?: SigningKey | undefined;
  /** A repository of the same registry that may hold some of the files, to mount them from. */
  readonly mountFrom?: string | undefined;
  readonly onProgress?: OnProgress | undefined;
}

/** Bytes of an upload's piece; two pieces are held in memory. */
const CHUNK_BYTES = 8 << 20;

/**
 * Publishes an operating system as an OCI artifact: a manifest with a layer for each file, in an index with a manifest
 * for each architecture. The index keeps the tag's manifests for other architectures of the same definition. The SPDX
 * document becomes a referrer of the manifest. Manifest and index are signed if a key is given. The tag is set last.
 *
 * @param repository must be opened to push
 * @returns the digest of the index
 * @throws as `pushImage` and `signImage`
 */
export async function pushOs(
  os: BuiltOs,
  repository: Repository,
  tag: string,
  { key, mountFrom, onProgress }: PushOsOptions,
): Promise<Digest> {
  const held = new Map<Digest, () => Bytes>();
  const hold = (mediaType: string, bytes: Uint8Array): Descriptor => {
    const digest = digestOf(bytes);
    held.set(digest, () => [bytes]);
    return { mediaType, digest, size: bytes.length };
  };
  const sbom = os.sbom && hold(SPDX, os.sbom);
  const config = hold(
    OS_CONFIG,
    Buffer.from(
      canonicalJson({ version: 1, ...os.config, ...(sbom && { sbom: { digest: sbom.digest, size: sbom.size } }) } satisfies OsConfig),
    ),
  );
  const layers = os.files.map((file) => layerOf(file, held, onProgress));
  const { arch, name, definitionDigest, planDigest, digest } = os.config;
  const annotations = { [ANNOTATION.title]: name, [ANNOTATION.definition]: definitionDigest };
  const manifest = hold(
    MEDIA_TYPE.ociManifest,
    Buffer.from(
      JSON.stringify({
        schemaVersion: 2,
        mediaType: MEDIA_TYPE.ociManifest,
        artifactType: OS_ARTIFACT,
        config,
        layers,
        annotations: { ...annotations, [ANNOTATION.plan]: planDigest, [ANNOTATION.digest]: digest },
      }),
    ),
  );
  const holder: BlobHolder = {
    find: async (wanted) => held.get(wanted),
    open: (wanted) => held.get(wanted)?.() ?? [],
  };
  const options = { chunkSize: CHUNK_BYTES, ...(mountFrom !== undefined && { mountFrom }) };

  await pushImage(repository, manifest, undefined, holder, options);
  if (os.sbom)
    await pushArtifact(repository, {
      artifactType: SPDX,
      subject: manifest,
      blobs: [{ mediaType: SPDX, content: os.sbom, annotations: { [ANNOTATION.title]: name + SBOM_SUFFIX } }],
    });
  if (key) await signImage(repository, manifest, key);

  // members and order of image-spec 1.0: older tools copy an index unchanged only if they would write the same bytes
  const own = { ...manifest, platform: { architecture: arch, os: "linux" } };
  const manifests = [...(await otherArchitectures(repository, tag, definitionDigest, arch)), own].sort((a, b) =>
    (a.platform?.architecture ?? "") < (b.platform?.architecture ?? "") ? -1 : 1,
  );
  const index = hold(MEDIA_TYPE.ociIndex, encodeIndex({ mediaType: MEDIA_TYPE.ociIndex, manifests, annotations }));
  if (key) await pushSigned(repository, index, tag, holder, { key });
  else await pushImage(repository, index, tag, holder);
  return index.digest;
}

function layerOf(
  { role, name, path, size, sha256 }: OsFile,
  held: Map<Digest, () => Bytes>,
  onProgress: OnProgress | undefined,
): Descriptor {
  const digest: Digest = `sha256:${sha256}`;
  held.set(digest, () =>
    counted(
      verify(fileBytes(path), { digest, size }, path),
      runningTotal(onProgress, { stage: "push", message: `push ${name}`, total: size }),
    ),
  );
  return {
    mediaType: role === "cmdline" ? "text/plain" : OS_FILE,
    digest,
    size,
    annotations: { [ANNOTATION.title]: name, [ANNOTATION.role]: role },
  };
}

/** The tag's manifests for other architectures, if its index is of the same definition. */
async function otherArchitectures(repository: Repository, tag: string, definition: Digest, arch: string): Promise<readonly Descriptor[]> {
  try {
    const { bytes, descriptor } = await fetchManifest(repository, tag);
    if (!isIndexType(descriptor.mediaType)) return [];
    const index = parseIndex(bytes, repository.named(tag), descriptor.mediaType);
    if (index.annotations?.[ANNOTATION.definition] !== definition) return [];
    return index.manifests.flatMap(({ mediaType, digest, size, platform }) =>
      platform && platform.architecture !== arch
        ? [{ mediaType, digest, size, platform: { architecture: platform.architecture, os: platform.os } }]
        : [],
    );
  } catch (error) {
    // a tag that does not exist or is malformed has nothing to keep
    if (isLinuxKitError(error, "NOT_FOUND") || isLinuxKitError(error, "CORRUPT")) return [];
    throw error;
  }
}
