import { readFile } from "node:fs/promises";
import { digestOf } from "../core/digest.ts";
import { canonicalJson } from "../core/json.ts";
import type { OnProgress } from "../core/progress.ts";
import type { Definition } from "../definition/definition.ts";
import { withoutSecrets } from "../definition/metadata.ts";
import { createRegistryClient } from "../oci/registry/client.ts";
import type { RegistryAuth } from "../oci/registry/credentials.ts";
import type { Plan } from "../plan/plan.ts";
import type { Lock } from "../resolve/lock.ts";
import type { CacheOption } from "../share/registry-cache.ts";
import { pushOs } from "../share/push-os.ts";
import { parseRepositoryName, parseTarget } from "../share/repository-name.ts";
import { keyOf, type SigningKey, type SignOption } from "../sign/key.ts";
import type { Artifact } from "./artifact.ts";

/** Where a build is published: a tag of a repository, such as `registry.example.com/team/os:1.2`. */
export type PushOption =
  | string
  | {
      /** `registry/repository:tag`. */
      readonly to: string;
      /** Signs it as cosign does. @default unsigned */
      readonly sign?: SignOption | undefined;
    };

/** The target of a push and the key that signs it. */
export interface Publication {
  readonly target: ReturnType<typeof parseTarget>;
  readonly key?: SigningKey | undefined;
}

/** Parses the option, before anything is built. @throws INVALID_DEFINITION, UNSUPPORTED for cosign's own encrypted key */
export function publicationOf(push: PushOption): Publication {
  const { to, sign } = typeof push === "string" ? { to: push } : push;
  const path = typeof push === "string" ? "push" : "push.to";
  return { target: parseTarget(to, path), ...(sign !== undefined && { key: keyOf(sign, "push.sign") }) };
}

/** The build that is published. */
export interface Publishable {
  /** With the content of its local files. */
  readonly definition: Definition;
  readonly artifact: Artifact;
  readonly plan: Plan;
  readonly lock: Lock;
  /** The base name of the files. */
  readonly name: string;
}

export interface PublishOptions {
  readonly registryAuth?: RegistryAuth | undefined;
  readonly cache?: CacheOption | undefined;
  readonly onProgress?: OnProgress | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Publishes a build. Blobs that the registry has are not sent again, and blobs that its cache repository has are mounted
 * from there.
 *
 * @returns `registry/repository@sha256:…`, an artifact for `pull` and `ImageBuild`
 * @throws ACCESS_DENIED, NETWORK, TIMEOUT, CANCELLED
 */
export async function publish(
  { target, key }: Publication,
  { definition, artifact, plan, lock, name }: Publishable,
  options: PublishOptions,
): Promise<string> {
  const { onProgress, signal, cache, registryAuth } = options;
  const repository = createRegistryClient({ auth: registryAuth, signal }).repository(target.registry, target.repository, "pull,push");
  const cacheRepository = cache?.to === undefined ? undefined : parseRepositoryName(cache.to, "cache.to");
  const document = artifact.files.find(({ role }) => role === "sbom");
  const mapped = artifact.files.flatMap((file) =>
    file.blocks === undefined ? [] : [[file.name.slice(name.length), file.blocks] as const],
  );
  const config = {
    arch: plan.arch,
    name,
    cmdline: plan.cmdline,
    digest: artifact.digest,
    planDigest: plan.digest,
    definitionDigest: digestOf(canonicalJson(withoutSecrets(definition))),
    ...(artifact.pcrs && { pcrs: artifact.pcrs }),
    ...(artifact.memoryMiB !== undefined && { memoryMiB: artifact.memoryMiB }),
    ...(mapped.length > 0 && { blocks: Object.fromEntries(mapped) }),
    segments: artifact.segments.map(({ cached, ...segment }) => segment),
    lock: lock as never,
  };
  const os = {
    config,
    files: artifact.files.filter(({ role }) => role !== "sbom" && role !== "sbom-cyclonedx"),
    sbom: document && (await readFile(document.path)),
  };
  const digest = await pushOs(os, repository, target.tag, {
    key,
    onProgress,
    ...(cacheRepository?.registry === target.registry && { mountFrom: cacheRepository.repository }),
  });
  const pushed = `${repository.name}@${digest}`;
  onProgress?.({ stage: "push", message: `${target.text} is ${pushed}${key ? ", signed" : ""}`, lasting: true });
  return pushed;
}
