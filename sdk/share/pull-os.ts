import { join } from "node:path";
import type { Arch } from "../core/arch.ts";
import { collect } from "../core/bytes.ts";
import { hexOf } from "../core/digest.ts";
import { LinuxKitError } from "../core/errors.ts";
import { mapOrdered } from "../core/ordered.ts";
import { type OnProgress, runningTotal } from "../core/progress.ts";
import { type StagedFile, stageFile } from "../core/write-file.ts";
import type { Descriptor } from "../oci/descriptor.ts";
import { parseDocument } from "../oci/document.ts";
import { parseIndex, selectPlatform } from "../oci/image-index.ts";
import { parseManifest } from "../oci/manifest.ts";
import { isIndexType } from "../oci/media-type.ts";
import type { RegistryReference } from "../oci/reference.ts";
import type { Repository } from "../oci/registry/client.ts";
import { fetchBlob, fetchManifest } from "../oci/registry/pull.ts";
import { ANNOTATION, OS_ARTIFACT, OS_CONFIG, type OsConfig, osConfigSchema, type OsFile } from "./os-artifact.ts";

/** A file of an operating system in a registry. */
export interface RemoteFile extends Omit<OsFile, "path"> {
  readonly descriptor: Descriptor;
}

/** An operating system in a registry, before its files are fetched. */
export interface FoundOs {
  readonly config: OsConfig;
  readonly files: readonly RemoteFile[];
  /** The digests of the index, if any, and of the manifest. Either may be the signed one. */
  readonly digests: readonly Descriptor["digest"][];
}

/** Most bytes of a configuration, whose lock has some hundred bytes for each package. */
const CONFIG_LIMIT = 64 << 20;

/** Files that are fetched at the same time. */
const CONNECTIONS = 3;

/**
 * Finds an operating system by the digest of its index, or of its manifest for one architecture.
 *
 * @throws NOT_FOUND for an architecture that it lacks; UNSUPPORTED for an artifact that is not an operating system;
 * CORRUPT, DIGEST_MISMATCH, TOO_LARGE, and errors of the registry
 */
export async function findOs(
  repository: Repository,
  { text, digest }: RegistryReference & { readonly digest: Descriptor["digest"] },
  arch: Arch,
): Promise<FoundOs> {
  const root = await fetchManifest(repository, digest);
  const isIndex = isIndexType(root.descriptor.mediaType);
  const chosen = isIndex
    ? selectPlatform(parseIndex(root.bytes, text, root.descriptor.mediaType), { os: "linux", architecture: arch }, text).digest
    : digest;
  const { bytes, descriptor } = isIndex ? await fetchManifest(repository, chosen) : root;
  const manifest = parseManifest(bytes, text, descriptor.mediaType);
  if (manifest.artifactType !== OS_ARTIFACT || manifest.config.mediaType !== OS_CONFIG) {
    throw new LinuxKitError(
      "UNSUPPORTED",
      `${text} is not an operating system that push published: its type is ${manifest.artifactType ?? manifest.config.mediaType}, wanted ${OS_ARTIFACT}`,
      { what: text },
    );
  }
  const what = `configuration of ${text}`;
  const config = parseDocument(
    osConfigSchema,
    await collect(fetchBlob(repository, manifest.config), CONFIG_LIMIT, what),
    what,
    CONFIG_LIMIT,
  );
  if (config.arch !== arch)
    throw new LinuxKitError("NOT_FOUND", `${text} is for ${config.arch}, wanted ${arch}: set arch`, { what: `${text} for ${arch}` });
  return { config, files: manifest.layers.map((layer) => fileOf(layer, config, text)), digests: isIndex ? [digest, chosen] : [digest] };
}

function fileOf(descriptor: Descriptor, { name: base }: OsConfig, text: string): RemoteFile {
  const { [ANNOTATION.title]: name = "", [ANNOTATION.role]: role = "" } = descriptor.annotations ?? {};
  const suffix = name.slice(base.length);
  if (!name.startsWith(base) || !/^[\w.+-]+$/.test(suffix) || !/^[a-z][a-z-]*$/.test(role)) {
    throw new LinuxKitError(
      "CORRUPT",
      `${text}: a layer has the name ${JSON.stringify(name)} and the role ${JSON.stringify(role)}, wanted ${base} with a suffix, and a lower-case word`,
      { path: text },
    );
  }
  return { role, name, size: descriptor.size, sha256: hexOf(descriptor.digest), descriptor };
}

export interface FetchOsOptions {
  readonly outputDir: string;
  /** The start of every file's name. @default the one that they were pushed with */
  readonly name?: string | undefined;
  readonly onProgress?: OnProgress | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Fetches files of an operating system, several at a time, and verifies their sizes and sha256. They get their names
 * once all of them are whole, so a failure leaves no file.
 *
 * @param base the start of the remote files' names
 * @throws DIGEST_MISMATCH, SIZE_MISMATCH, DISK_FULL, UNWRITABLE, CANCELLED, and errors of the registry
 */
export async function fetchOs(
  repository: Repository,
  base: string,
  files: readonly RemoteFile[],
  { outputDir, name = base, onProgress, signal }: FetchOsOptions,
): Promise<OsFile[]> {
  const total = files.reduce((sum, { size }) => sum + size, 0);
  const onWritten = runningTotal(onProgress, { stage: "fetch", message: repository.name, total });
  const staged: StagedFile[] = [];
  const stage = async ({ descriptor, ...file }: RemoteFile): Promise<OsFile> => {
    const named = `${name}${file.name.slice(base.length)}`;
    const path = join(outputDir, named);
    staged.push(await stageFile(path, fetchBlob(repository, descriptor), { signal, mode: 0o600, onWritten }));
    return { ...file, name: named, path };
  };
  try {
    const fetched: OsFile[] = [];
    for await (const file of mapOrdered(files, CONNECTIONS, stage)) fetched.push(file);
    for (const file of staged) await file.commit();
    return fetched;
  } catch (error) {
    await Promise.all(staged.map((file) => file.discard()));
    throw error;
  }
}
