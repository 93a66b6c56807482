import { type Arch, ARCHES, isArch } from "../core/arch.ts";
import { hexOf } from "../core/digest.ts";
import { isLinuxKitError, LinuxKitError } from "../core/errors.ts";
import { present } from "../core/present.ts";
import type { OnProgress } from "../core/progress.ts";
import { parseReference, type RegistryReference } from "../oci/reference.ts";
import { createRegistryClient, type RegistryClient, type Repository } from "../oci/registry/client.ts";
import { resolveTag } from "../oci/registry/pull.ts";
import { hasBlob } from "../oci/registry/push-blob.ts";
import type { Lock } from "../resolve/lock.ts";
import { fetchOs, type FoundOs, findOs, type RemoteFile } from "../share/pull-os.ts";
import { SBOM_SUFFIX, SPDX } from "../share/os-artifact.ts";
import { parsePinned } from "../share/repository-name.ts";
import { verifyImage } from "../sign/verify-image.ts";
import { keysFor, type VerifyRules } from "../sign/verify-rules.ts";
import { artifactDigest } from "./artifact.ts";
import type { Built } from "./build.ts";
import type { Origins } from "./origins.ts";

/** Options of {@link pull}. */
export interface PullOptions extends Pick<Origins, "registryMirrors" | "registryAuth"> {
  /** The folder for the files; created if missing. @example "out" */
  readonly outputDir: string;
  /** The architecture. @default "amd64" */
  readonly arch?: Arch | undefined;
  /** The base name of the files. @default the name that they were pushed with @example "web" */
  readonly name?: string | undefined;
  /** Public keys (PEM) by registry or repository. The artifact must be signed with one of them. @default no signature is checked */
  readonly verify?: VerifyRules | undefined;
  /** Called with what is done, and how much of it. @default not called */
  readonly onProgress?: OnProgress | undefined;
  /** Aborts the work; it then fails with CANCELLED. @default it runs to its end */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Downloads an operating system that a build has pushed, by its digest. Builds nothing. Checks the signature, and the
 * size and sha256 of each file. A failure leaves no file behind.
 *
 * @param reference `registry.example.com/team/os@sha256:…`, of the index or of one architecture's manifest
 * @throws INVALID_DEFINITION without a digest; UNSUPPORTED if the artifact is not an operating system of this library;
 * SIGNATURE_INVALID, NOT_FOUND, CORRUPT, DIGEST_MISMATCH, ACCESS_DENIED, NETWORK, DISK_FULL, UNWRITABLE, CANCELLED
 */
export async function pull(reference: string, options: PullOptions): Promise<Built> {
  const { arch = "amd64", registryMirrors, registryAuth, signal } = options;
  if (!isArch(arch))
    throw new LinuxKitError("INVALID_DEFINITION", `arch: got "${arch}", wanted one of ${ARCHES.join(", ")}`, { path: "arch" });
  const client = createRegistryClient({ registryMirrors, auth: registryAuth, signal });
  const parsed = await pinned(reference, client);
  const repository = client.repository(parsed.registry, parsed.repository);
  const keys = options.verify && keysFor(parsed, options.verify);
  if (options.verify && !keys) {
    throw new LinuxKitError(
      "INVALID_DEFINITION",
      `verify: ${Object.keys(options.verify).length > 0 ? `got keys for ${Object.keys(options.verify).join(", ")}` : "no key given"}, wanted one for ${repository.name}`,
      { path: "verify" },
    );
  }
  const found = await findOs(repository, parsed, arch);
  if (keys) await verifyOneOf(repository, found.digests, keys);
  if (artifactDigest(found.files) !== found.config.digest)
    throw new LinuxKitError("CORRUPT", `${parsed.text}: the files do not match the digest in the artifact's configuration`, {
      path: parsed.text,
    });
  const fetched = await fetchOs(
    repository,
    found.config.name,
    [...found.files, ...(await documentOf(repository, found, options))],
    options,
  );
  const { digest, planDigest, cmdline, segments, lock, pcrs, memoryMiB, blocks = {} } = found.config;
  const { name = found.config.name } = options;
  const files = fetched.map((file) => {
    const suffix = file.name.slice(name.length);
    return Object.hasOwn(blocks, suffix) ? { ...file, blocks: present(blocks[suffix]) } : file;
  });
  return {
    files,
    digest,
    planDigest,
    cmdline,
    segments: segments.map((segment) => ({ ...segment, cached: true })),
    lock: lock as unknown as Lock,
    ...(pcrs && { pcrs }),
    ...(memoryMiB !== undefined && { memoryMiB }),
  };
}

/** Parses a reference with a digest. For a tag, the error suggests the digest that the tag points to. */
async function pinned(reference: string, client: RegistryClient): Promise<ReturnType<typeof parsePinned>> {
  try {
    return parsePinned(reference, "artifact");
  } catch (error) {
    const parsed = isLinuxKitError(error, "INVALID_DEFINITION") ? parseReference(reference) : undefined;
    const current = parsed?.kind === "registry" && parsed.tag !== undefined ? await digestOfTag(parsed, parsed.tag, client) : undefined;
    if (current === undefined) throw error;
    const message = `${(error as Error).message}; the tag currently points to ${current}`;
    throw new LinuxKitError("INVALID_DEFINITION", message, { path: "artifact" }, { cause: error });
  }
}

async function digestOfTag({ registry, repository }: RegistryReference, tag: string, client: RegistryClient): Promise<string | undefined> {
  const opened = client.repository(registry, repository);
  const digest = await resolveTag(opened, tag).catch(() => undefined);
  return digest && opened.named(digest);
}

async function verifyOneOf(
  repository: Repository,
  digests: FoundOs["digests"],
  keys: NonNullable<ReturnType<typeof keysFor>>,
): Promise<void> {
  let failure: unknown;
  for (const digest of digests) {
    try {
      return await verifyImage(repository, digest, keys);
    } catch (error) {
      if (!isLinuxKitError(error, "SIGNATURE_INVALID")) throw error;
      failure ??= error;
    }
  }
  throw failure;
}

/** The SPDX document, whose digest is in the configuration. A copy of the artifact may lack it. */
async function documentOf(repository: Repository, { config }: FoundOs, { onProgress }: PullOptions): Promise<RemoteFile[]> {
  const { sbom, name } = config;
  if (!sbom) return [];
  if (!(await hasBlob(repository, sbom.digest))) {
    onProgress?.({
      stage: "fetch",
      message: `${repository.name} has no SBOM for this operating system: it was lost when the artifact was copied`,
      lasting: true,
    });
    return [];
  }
  return [
    { role: "sbom", name: name + SBOM_SUFFIX, size: sbom.size, sha256: hexOf(sbom.digest), descriptor: { mediaType: SPDX, ...sbom } },
  ];
}
