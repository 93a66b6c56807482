import { type Memory, collect, verify } from "../../core/bytes.ts";
import { type Digest, digestOf, isDigest } from "../../core/digest.ts";
import { LinuxKitError } from "../../core/errors.ts";
import { download } from "../../net/download.ts";
import { backOff, isWorthRetrying, pause } from "../../net/retry.ts";
import { memoryFor } from "../../net/wire.ts";
import type { ContentSource, StoredDocument } from "../content.ts";
import type { Descriptor } from "../descriptor.ts";
import { MANIFEST_LIMIT } from "../manifest.ts";
import { MANIFEST_TYPES, bareMediaType } from "../media-type.ts";
import { type Repository, digestHeader } from "./client.ts";

const ACCEPT = { accept: MANIFEST_TYPES.join(", ") };

/** Makes a repository a source of images (distribution-spec, "Pull"). */
export function repositorySource(repository: Repository): ContentSource {
  return {
    name: repository.name,
    named: repository.named,
    document: (tagOrDigest = "latest") => fetchManifest(repository, tagOrDigest),
    open: (descriptor, memory) => openBlob(repository, descriptor, memory),
  };
}

/**
 * Fetches a manifest or index by tag or digest, verified against the digest.
 *
 * @throws NOT_FOUND, ACCESS_DENIED, NETWORK, TIMEOUT, TOO_LARGE, DIGEST_MISMATCH, CANCELLED
 */
export async function fetchManifest(repository: Repository, tagOrDigest: string): Promise<StoredDocument> {
  const what = repository.named(tagOrDigest);
  const { retry, signal } = repository.transport;
  for (let attempt = 1; ; attempt++) {
    const response = await repository.request({ path: `manifests/${tagOrDigest}`, headers: ACCEPT, accept: [200], what });
    try {
      const bytes = await collect(response.body, MANIFEST_LIMIT, `manifest of ${what}`);
      const digest = digestOf(bytes);
      const want = isDigest(tagOrDigest) ? tagOrDigest : digestHeader(response);
      if (want !== undefined && want !== digest)
        throw new LinuxKitError("DIGEST_MISMATCH", `manifest of ${what}: got ${digest}, wanted ${want}`, { path: what, want, got: digest });
      return { descriptor: { mediaType: bareMediaType(response.headers.get("content-type") ?? ""), digest, size: bytes.length }, bytes };
    } catch (error) {
      await response.drop();
      if (attempt >= retry.attempts || !isWorthRetrying(error)) throw error;
      await pause(backOff(retry, attempt), signal);
    }
  }
}

/**
 * The digest that a tag points to; undefined where the tag does not exist. The manifest is only fetched if the registry
 * does not send the digest in a header.
 *
 * @throws as {@link fetchManifest}, without NOT_FOUND
 */
export async function resolveTag(repository: Repository, tag: string): Promise<Digest | undefined> {
  const what = repository.named(tag);
  const response = await repository.request({ method: "HEAD", path: `manifests/${tag}`, headers: ACCEPT, accept: [200, 404], what });
  await response.drop();
  if (response.status === 404) return undefined;
  return digestHeader(response) ?? (await fetchManifest(repository, tag)).descriptor.digest;
}

/** Streams a blob, verified: the last chunk comes once size and sha256 are right. @throws SIZE_MISMATCH, DIGEST_MISMATCH, and as `download` */
export function fetchBlob(repository: Repository, descriptor: Descriptor): AsyncGenerator<Uint8Array> {
  return verify(openBlob(repository, descriptor), descriptor, repository.named(descriptor.digest));
}

function openBlob(repository: Repository, { digest, size }: Descriptor, memory: Memory = "own"): AsyncGenerator<Uint8Array> {
  const what = repository.named(digest);
  return download(repository.transport, {
    what,
    size,
    request: (headers) =>
      repository.request({
        path: `blobs/${digest}`,
        headers,
        accept: headers.range === undefined ? [200] : [200, 206, 416],
        what,
        memory: memoryFor(size, memory),
      }),
  });
}
