import { collect } from "../../core/bytes.ts";
import { type Digest, hexOf } from "../../core/digest.ts";
import { LinuxKitError, isLinuxKitError } from "../../core/errors.ts";
import type { Descriptor } from "../descriptor.ts";
import { namedUrl } from "../../net/named-url.ts";
import { type ImageIndex, encodeIndex, parseIndex } from "../image-index.ts";
import { MANIFEST_LIMIT } from "../manifest.ts";
import { MEDIA_TYPE } from "../media-type.ts";
import type { Repository } from "./client.ts";
import { fetchManifest } from "./pull.ts";

const PAGES_MAX = 100;

/**
 * Lists the referrers of a manifest: signatures, attestations, SBOMs (distribution-spec, "Listing Referrers"). They come
 * from the registry's API or, where it lacks one, from the fallback tag.
 *
 * @param artifactType lists only referrers of this type @default all
 * @throws ACCESS_DENIED, NETWORK, TIMEOUT, CORRUPT, TOO_LARGE, CANCELLED
 */
export async function listReferrers(repository: Repository, subject: Digest, artifactType?: string): Promise<readonly Descriptor[]> {
  const what = `referrers of ${repository.named(subject)}`;
  const query = artifactType === undefined ? "" : `?${new URLSearchParams({ artifactType })}`;
  const found: Descriptor[] = [];
  let next: string | URL | undefined = `referrers/${subject}${query}`;
  for (let page = 0; next !== undefined; page++) {
    const response = await repository.request({ path: next, headers: { accept: MEDIA_TYPE.ociIndex }, accept: [200, 404], what });
    if (response.status === 404) {
      await response.drop();
      found.push(...((await fallbackIndex(repository, subject))?.manifests ?? []));
      break;
    }
    found.push(...parseIndex(await collect(response.body, MANIFEST_LIMIT, what), what).manifests);
    const [, link] = /^\s*<([^>]+)>\s*;\s*rel="?next"?/i.exec(response.headers.get("link") ?? "") ?? [];
    next = link === undefined ? undefined : namedUrl(response.url, link, "continues the list at");
    if (page === PAGES_MAX)
      throw new LinuxKitError("TOO_LARGE", `${what}: more than ${PAGES_MAX} pages`, { what, limit: PAGES_MAX, got: page });
  }
  // a registry need not filter
  return artifactType === undefined ? found : found.filter((descriptor) => descriptor.artifactType === artifactType);
}

/** The tag that lists referrers where a registry lacks the API (distribution-spec, "Referrers Tag Schema"). */
export function fallbackTag(subject: Digest): string {
  return `sha256-${hexOf(subject)}`;
}

/**
 * Adds a manifest with a `subject` to the list under the fallback tag. Of two concurrent additions one may be lost: the
 * specification has no lock.
 */
export async function recordReferrer(repository: Repository, descriptor: Descriptor, bytes: Uint8Array): Promise<void> {
  const manifest = JSON.parse(Buffer.from(bytes).toString()) as Record<string, unknown> & {
    subject?: Descriptor;
    artifactType?: string;
    config?: Descriptor;
    annotations?: Record<string, string>;
  };
  if (!manifest.subject) return;
  const index = (await fallbackIndex(repository, manifest.subject.digest)) ?? { mediaType: MEDIA_TYPE.ociIndex, manifests: [] };
  if (index.manifests.some(({ digest }) => digest === descriptor.digest)) return;
  const artifactType = manifest.artifactType ?? manifest.config?.mediaType;
  const listed: Descriptor = {
    ...descriptor,
    ...(artifactType && { artifactType }),
    ...(manifest.annotations && { annotations: manifest.annotations }),
  };
  const tag = fallbackTag(manifest.subject.digest);
  const body = encodeIndex({ ...index, manifests: [...index.manifests, listed] });
  const response = await repository.request({
    method: "PUT",
    path: `manifests/${tag}`,
    headers: { "content-type": MEDIA_TYPE.ociIndex },
    body,
    accept: [201],
    what: repository.named(tag),
  });
  await response.drop();
}

async function fallbackIndex(repository: Repository, subject: Digest): Promise<ImageIndex | undefined> {
  const tag = fallbackTag(subject);
  try {
    const { bytes, descriptor } = await fetchManifest(repository, tag);
    return parseIndex(bytes, repository.named(tag), descriptor.mediaType);
  } catch (error) {
    if (isLinuxKitError(error, "NOT_FOUND")) return undefined;
    throw error;
  }
}
