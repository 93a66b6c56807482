import { resolve } from "node:path";
import type { BlobStore } from "../cache/blob-store.ts";
import type { ContentSource } from "./content.ts";
import type { Platform } from "./descriptor.ts";
import { openDockerArchive } from "./docker-archive.ts";
import { type FetchBlobsOptions, fetchBlobs } from "./fetch-blobs.ts";
import { type OciImage, resolveImage } from "./image.ts";
import { openLayout } from "./layout.ts";
import { type Reference, parseReference } from "./reference.ts";
import { type RegistryClient, type RegistryOptions, createRegistryClient } from "./registry/client.ts";
import { repositorySource } from "./registry/pull.ts";

export interface SourceOptions extends RegistryOptions {
  readonly store: BlobStore;
  /** A client that several calls share, with its logins and tokens. @default a new one from the other options */
  readonly client?: RegistryClient | undefined;
  /** The folder that relative paths of `oci:` and `docker-archive:` start from. @default the working directory */
  readonly baseDirectory?: string | undefined;
}

/**
 * Opens the source that a reference names: a registry's repository, a layout, or an archive.
 *
 * @throws as `openLayout` and `openDockerArchive`; INVALID_DEFINITION for a malformed mirror
 */
export async function openSource(reference: Reference, options: SourceOptions): Promise<ContentSource> {
  const absolute = (path: string) => resolve(options.baseDirectory ?? ".", path);
  switch (reference.kind) {
    case "layout":
      return openLayout(absolute(reference.directory));
    case "archive":
      return openDockerArchive(absolute(reference.file), reference.tag, options.store, options.signal);
    case "registry":
      return repositorySource((options.client ?? createRegistryClient(options)).repository(reference.registry, reference.repository));
  }
}

/**
 * Finds the image that a reference names for a platform. Its manifest and configuration are fetched into the store; its
 * layers are not.
 *
 * @throws REFERENCE_INVALID, NOT_FOUND, ACCESS_DENIED, NETWORK, TIMEOUT, CORRUPT, DIGEST_MISMATCH, TOO_LARGE, CANCELLED
 */
export async function findImage(reference: string, platform: Platform, options: SourceOptions): Promise<OciImage> {
  const parsed = parseReference(reference);
  const source = await openSource(parsed, options);
  const image = await resolveImage(source, (parsed.kind === "registry" ? parsed.digest : undefined) ?? parsed.tag, platform, options.store);
  return { ...image, name: parsed.text };
}

/** Fetches the layers that the store lacks, from the source that a reference names. @throws as `fetchBlobs` */
export async function fetchLayers(
  reference: string,
  layers: OciImage["manifest"]["layers"],
  options: SourceOptions & FetchBlobsOptions,
): Promise<void> {
  const held = await Promise.all(layers.map(({ digest }) => options.store.find(digest)));
  if (held.every(Boolean)) return;
  await fetchBlobs(await openSource(parseReference(reference), options), layers, options.store, options);
}
