import { join } from "node:path";
import type { Entry } from "../archive/entry.ts";
import type { BlobStore } from "../cache/blob-store.ts";
import { SegmentStore } from "../cache/segment-store.ts";
import type { Arch } from "../core/arch.ts";
import type { OnProgress } from "../core/progress.ts";
import { lockAlone, lockPackages } from "../debian/lock-packages.ts";
import type { LockedDeb } from "../debian/locked.ts";
import { openRepository, type Repository } from "../debian/repository.ts";
import { parseLabel } from "../definition/label.ts";
import { findSboms } from "../oci/attestations.ts";
import type { Platform } from "../oci/descriptor.ts";
import { findLayout } from "../oci/find-layout.ts";
import { flatten } from "../oci/flatten/flatten.ts";
import type { FlattenLimits } from "../oci/flatten/limits.ts";
import { storedLayers } from "../oci/layer.ts";
import { fetchLayers } from "../oci/open-source.ts";
import type { RegistryAuth } from "../oci/registry/credentials.ts";
import { expandReference } from "../oci/reference.ts";
import type { RegistryCache } from "../share/registry-cache.ts";
import type { Trusts } from "../share/trust.ts";
import type { VerifyRules } from "../sign/verify-rules.ts";
import { imageAccounts } from "./image-accounts.ts";
import { findSignedImage, isPath, pinnedReference, verifySigned } from "./signed-image.ts";
import type { ResolveSources } from "../resolve/resolve.ts";

/** Where a build gets images and packages from. */
export interface Origins {
  /** The Debian mirror: `https://HOST/debian`. @default the host's apt sources */
  readonly debianMirror?: string | undefined;
  /** The Debian security mirror. @default next to `debianMirror` if that is set, otherwise the host's apt sources */
  readonly debianSecurityMirror?: string | undefined;
  /** A mirror of Debian's archive history, for locked packages that the other mirrors have dropped. @default none */
  readonly debianSnapshot?: string | undefined;
  /** Mirrors to pull from, by registry: `{ "docker.io": "http://127.0.0.1:5000" }`. @default none */
  readonly registryMirrors?: Readonly<Record<string, string>> | undefined;
  /** The registries or repositories whose images must be signed, and the keys: see {@link VerifyRules}. @default no signature is checked */
  readonly verify?: VerifyRules | undefined;
  /** What an image may use while its layers are unpacked: see {@link FlattenLimits}. @default those of `FlattenLimits` */
  readonly limits?: FlattenLimits | undefined;
  /** Credentials for registries. @default the logins that `docker login` stores */
  readonly registryAuth?: RegistryAuth | undefined;
}

/** The settings that all lookups and downloads of one build share. */
export interface ResolveContext extends Origins {
  readonly arch: Arch;
  readonly store: BlobStore;
  readonly cacheDir: string;
  /** The folder that relative `oci:` and `docker-archive:` references are relative to. */
  readonly folder: string;
  /** A cache in a registry, shared between computers. @default no shared cache */
  readonly shared?: RegistryCache | undefined;
  /** Whether a segment that another computer made may be used. @default every one */
  readonly trusts?: Trusts | undefined;
  readonly onProgress?: OnProgress | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** The options of `sdk/debian` for a build. */
export function debianOptions(context: ResolveContext) {
  const { arch, store, cacheDir, onProgress, signal, debianMirror, debianSecurityMirror, debianSnapshot, shared } = context;
  return {
    arch,
    store,
    cacheDir,
    onProgress,
    signal,
    mirror: debianMirror,
    securityMirror: debianSecurityMirror,
    snapshotMirror: debianSnapshot,
    sharedCache: shared,
  };
}

/** The options of `sdk/oci` for a build. */
export function ociOptions(context: ResolveContext) {
  const { store, signal, registryMirrors, registryAuth, folder } = context;
  return { store, signal, registryMirrors, auth: registryAuth, baseDirectory: folder };
}

/** {@link ResolveSources}, and the lookups of a build that do not concern the definition's images. */
export interface OriginSources extends ResolveSources {
  /** Pins packages by name, without their dependencies. */
  lockLoaders(names: readonly string[]): Promise<readonly LockedDeb[]>;
}

/** Debian's repository and the registries. The repository is opened when it is first needed. */
export function originSources(context: ResolveContext): OriginSources {
  let repository: Promise<Repository> | undefined;
  return {
    async lockDebian(image) {
      const options = debianOptions(context);
      repository ??= openRepository(options);
      return lockPackages(image, await repository, options);
    },
    async lockLoaders(names) {
      repository ??= openRepository(debianOptions(context));
      return lockAlone(names, await repository);
    },
    async findImage(reference, pinned, location) {
      context.onProgress?.({ stage: "resolve", message: reference });
      const { image, signed } = await findSignedImage(
        reference,
        pinned,
        { os: "linux", architecture: context.arch },
        { ...ociOptions(context), verify: context.verify },
      );
      const { labelText, entrypoint, cmd, env, workingDir, user, stopSignal } = image.config;
      const sboms = image.index && (await findSboms(reference, image.index, image.digest, ociOptions(context)));
      return {
        config: { entrypoint, cmd, env, workingDir, user, stopSignal, label: parseLabel(labelText, location) },
        manifest: image.digest,
        layers: image.manifest.layers.map(({ digest, size, mediaType }) => ({ digest, size, mediaType })),
        ...(signed && { signed }),
        ...(sboms && { sboms: sboms.map(({ digest, size }) => ({ digest, size })) }),
      };
    },
    readAccounts(reference, { layers }) {
      const { store, cacheDir, shared, signal } = context;
      const open = async function* (): AsyncGenerator<Entry> {
        await fetchLayers(reference, layers, { ...ociOptions(context), onProgress: context.onProgress });
        yield* flatten(storedLayers(store, layers), { spoolDirectory: join(cacheDir, "segments"), limits: context.limits, signal });
      };
      return imageAccounts(
        layers.map(({ digest }) => digest),
        open,
        reference,
        { segments: new SegmentStore(cacheDir), shared, signal },
      );
    },
    async findLayout(reference, pinned, platforms, location) {
      context.onProgress?.({ stage: "resolve", message: reference });
      const wanted = platforms.length > 0 ? platforms.map(parsePlatform) : [{ os: "linux", architecture: context.arch }];
      const { root, blobs } = await findLayout(pinnedReference(reference, pinned), wanted, ociOptions(context));
      await verifySigned(reference, [root.digest], { ...ociOptions(context), verify: context.verify });
      return { reference: isPath(reference) ? location : expandReference(reference), root, blobs };
    },
  };
}

function parsePlatform(text: string): Platform {
  const [os = "", architecture = "", variant] = text.split("/");
  return { os, architecture, ...(variant !== undefined && { variant }) };
}
