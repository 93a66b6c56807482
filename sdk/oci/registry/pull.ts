import { collect, verify } from "../../core/bytes.ts";
import { type Digest, digestOf, isDigest } from "../../core/digest.ts";
import { LinuxKitError } from "../../core/errors.ts";
import type { ContentSource, StoredDocument } from "../content.ts";
import type { Descriptor } from "../descriptor.ts";
import { MANIFEST_LIMIT } from "../manifest.ts";
import { MANIFEST_TYPES, bareMediaType } from "../media-type.ts";
import { type Repository, digestHeader } from "./client.ts";
import { backOff, isWorthRetrying, pause } from "./retry.ts";
import type { HttpResponse } from "./transport.ts";

const ACCEPT = { accept: MANIFEST_TYPES.join(", ") };

/** A repository as a source of images (distribution-spec, "Pull"). */
export function repositorySource(repository: Repository): ContentSource {
  return {
    name: repository.name,
    named: repository.named,
    document: (tagOrDigest = "latest") => fetchManifest(repository, tagOrDigest),
    open: (descriptor) => openBlob(repository, descriptor),
  };
}

/**
 * A manifest or index by tag or digest, checked against the digest.
 *
 * @throws NOT_FOUND, ACCESS_DENIED, NETWORK, TIMEOUT, TOO_LARGE, DIGEST_MISMATCH
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
      if (want !== undefined && want !== digest) throw new LinuxKitError("DIGEST_MISMATCH", `manifest of ${what}: got ${digest}, wanted ${want}`, { path: what, want, got: digest });
      return { descriptor: { mediaType: bareMediaType(response.headers.get("content-type") ?? ""), digest, size: bytes.length }, bytes };
    } catch (error) {
      await response.drop();
      if (attempt >= retry.attempts || !isWorthRetrying(error)) throw error;
      await pause(backOff(retry, attempt), signal);
    }
  }
}

/** What a tag points to now, without fetching it where the registry says it in a header; undefined where there is no such tag. */
export async function resolveTag(repository: Repository, tag: string): Promise<Digest | undefined> {
  const what = repository.named(tag);
  const response = await repository.request({ method: "HEAD", path: `manifests/${tag}`, headers: ACCEPT, accept: [200, 404], what });
  await response.drop();
  if (response.status === 404) return undefined;
  return digestHeader(response) ?? (await fetchManifest(repository, tag)).descriptor.digest;
}

/** A blob's bytes, checked by size and sha256 before the last one is released. */
export function fetchBlob(repository: Repository, descriptor: Descriptor): AsyncGenerator<Uint8Array> {
  return verify(openBlob(repository, descriptor), descriptor, repository.named(descriptor.digest));
}

// how much must arrive for a connection that is cut again to count as the first
const PROGRESS = 1 << 20;

// a cut connection is taken up where it was cut (RFC 9110 14)
async function* openBlob(repository: Repository, descriptor: Descriptor): AsyncGenerator<Uint8Array> {
  const { retry, signal } = repository.transport;
  const what = repository.named(descriptor.digest);
  let offset = 0;
  let failures = 0;
  let failedAt = 0;
  while (true) {
    const response = await requestFrom(repository, descriptor, offset);
    let failure: unknown;
    try {
      // a server that ignores the range sends all of it again
      let skip = response.status === 206 ? 0 : offset;
      for await (const chunk of response.body) {
        const fresh = chunk.subarray(Math.min(skip, chunk.length));
        skip -= chunk.length - fresh.length;
        offset += fresh.length;
        if (fresh.length > 0) yield fresh;
      }
      if (offset >= descriptor.size) return;
      failure = new LinuxKitError("SIZE_MISMATCH", `${what}: got ${offset} bytes, wanted ${descriptor.size}`, { path: what, want: descriptor.size, got: offset });
    } catch (error) {
      if (!isWorthRetrying(error)) throw error;
      failure = error;
    }
    failures = offset - failedAt >= PROGRESS ? 1 : failures + 1;
    failedAt = offset;
    if (failures >= retry.attempts) throw failure;
    await pause(backOff(retry, failures), signal);
  }
}

async function requestFrom(repository: Repository, { digest }: Descriptor, offset: number): Promise<HttpResponse> {
  const what = repository.named(digest);
  const range = offset > 0 ? { range: `bytes=${offset}-` } : {};
  const response = await repository.request({ path: `blobs/${digest}`, headers: range, accept: offset > 0 ? [200, 206] : [200], what });
  const got = response.headers.get("content-range");
  if (response.status !== 206 || got?.startsWith(`bytes ${offset}-`)) return response;
  await response.drop();
  throw new LinuxKitError("CORRUPT", `${what}: asked for the bytes from ${offset} on, got ${got ?? "no range"}`, { path: what });
}
