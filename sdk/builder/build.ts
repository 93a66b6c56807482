import { BlobStore } from "../cache/blob-store.ts";
import { SegmentStore } from "../cache/segment-store.ts";
import { openSession } from "../cache/session.ts";
import { defaultCacheDir } from "../cache/location.ts";
import { type Arch, ARCHES } from "../core/arch.ts";
import { LinuxKitError } from "../core/errors.ts";
import type { OnProgress } from "../core/progress.ts";
import type { Definition } from "../definition/definition.ts";
import { knownDefinition } from "../definition/known-definition.ts";
import type { Image } from "../definition/image.ts";
import { type SecureBoot, signerOf } from "../disk/signer.ts";
import { checkSigned, DEFAULT_FORMAT, type FormatName, loaderPackages } from "../format/formats.ts";
import { planKernel } from "../plan/kernel.ts";
import type { Plan } from "../plan/plan.ts";
import type { Lock } from "../resolve/lock.ts";
import { type Resolved, resolve } from "../resolve/resolve.ts";
import { type CacheOption, openRegistryCache, type RegistryCache } from "../share/registry-cache.ts";
import { trustIn } from "../share/trust.ts";
import type { Artifact } from "./artifact.ts";
import { buildPlan } from "./build-plan.ts";
import { checkCommands } from "./check-commands.ts";
import { definitionPlan } from "./definition-plan.ts";
import { FlatImages } from "./flat-images.ts";
import { imageNotices } from "./image-notices.ts";
import { takesZstd } from "./kernel-zstd.ts";
import { lockLoaders } from "./loaders.ts";
import { readLocalFiles } from "./local-files.ts";
import { type Origins, type OriginSources, originSources, type ResolveContext } from "./origins.ts";
import { planSources } from "./plan-sources.ts";
import { type PushOption, publicationOf, publish } from "./publish.ts";
import { contentsOf } from "./sbom.ts";
import type { PlanSources } from "./sources.ts";
import { addSboms, type SbomDocuments, sbomDocuments, type SbomOption, withSbom } from "./with-sbom.ts";

/** Options of {@link build}. */
export interface BuildOptions extends Origins {
  /** The format to write. @default "kernel+initrd" */
  readonly format?: FormatName | undefined;
  /** Several formats to write; takes precedence over `format`. @default `format` alone */
  readonly formats?: readonly FormatName[] | undefined;
  /** The minimum size of each disk, in MiB. @default the smallest size that holds its content @example 512 */
  readonly diskMiB?: number | undefined;
  /** Signs the EFI programs for Secure Boot, with a key or a function. @default unsigned */
  readonly secureBoot?: SecureBoot | undefined;
  /** The folder for the files; created if missing. @example "out" */
  readonly outputDir: string;
  /** The base name of the files. @default "linuxkit" */
  readonly name?: string | undefined;
  /** The architecture. @default "amd64" */
  readonly arch?: Arch | undefined;
  /** The folder that relative `source` files and `oci:` layouts are relative to. @default the working directory */
  readonly folder?: string | undefined;
  /** The folder of the cache. @default see `defaultCacheDir` */
  readonly cacheDir?: string | undefined;
  /** The lock of an earlier build: the versions that it pins are used again. @default every version is resolved again */
  readonly lock?: Lock | undefined;
  /** `always` ignores the lock and resolves every version again. @default "locked" */
  readonly update?: "locked" | "always" | undefined;
  /** A cache in registries, shared between computers: `{ from, to: "registry.example.com/team/cache" }`. @default no shared cache */
  readonly cache?: CacheOption | undefined;
  /** Publishes the result as an OCI artifact. @default not published @example { to: "ghcr.io/acme/web:v1" } */
  readonly push?: PushOption | undefined;
  /** Whether to write an SPDX document of the software in the OS, and a CycloneDX document too. @default true: SPDX, next to the files */
  readonly sbom?: SbomOption | undefined;
  /** Called with what is done, and how much of it. @default not called */
  readonly onProgress?: OnProgress | undefined;
  /** If aborted, the build throws `CANCELLED` and leaves no file behind. @default it runs to its end */
  readonly signal?: AbortSignal | undefined;
}

/** The result of a build: the files and what they were made from. */
export interface Built extends Artifact {
  /** Pass it to the next build to use the same versions again. */
  readonly lock: Lock;
  /** Identifies the OS, independent of the format. */
  readonly planDigest: Plan["digest"];
  /** The kernel's command line. */
  readonly cmdline: string;
  /** The published reference, `registry/repository@sha256:…`, an argument for `pull`. */
  readonly pushed?: string | undefined;
}

/**
 * Builds an operating system without Pulumi. Fetches what the cache lacks, and writes every file or none. The same
 * image, options and lock give the same bytes on any computer.
 *
 * @throws INVALID_DEFINITION, NOT_FOUND, NO_MIRROR, NETWORK, SIGNATURE_INVALID, PACKAGE_UNAVAILABLE, DISK_FULL, UNWRITABLE, CANCELLED
 */
export function build(image: Image, options: BuildOptions): Promise<Built> {
  return buildDefinition(image.spec, options);
}

/** {@link build} for a definition as plain JSON, which the plugin receives. */
export async function buildDefinition(definition: Definition, options: BuildOptions): Promise<Built> {
  knownDefinition(definition);
  const publication = options.push === undefined ? undefined : publicationOf(options.push);
  await using shared = sharedCache(options);
  const trusts = trustIn(options.cache, options.verify);
  const context = { ...resolveContext(options), shared, trusts };
  // what is looked up while names are resolved is there when it is unpacked, whatever other processes prune
  using _session = openSession(context.cacheDir);
  const sources = originSources(context);
  // reports formats that cannot be signed before anything is fetched
  const signer = options.secureBoot && signerOf(options.secureBoot);
  if (signer) checkSigned(formatsOf(options), context.arch);
  const loaders = await lockLoaders(loaderPackages(formatsOf(options), context.arch), { ...options, arch: context.arch }, sources);
  await using flat = new FlatImages();
  const plan = await planDefinition(definition, options, context, sources, flat);
  const lock: Lock = { ...plan.lock, ...(loaders && { loaders }) };
  const { outputDir, name = "linuxkit", onProgress, signal } = options;
  const written = await buildPlan(plan.plan, {
    format: formatsOf(options),
    diskMiB: options.diskMiB,
    signer,
    loaders: Object.values(loaders ?? {}),
    name,
    outputDir,
    sources: planSources(context, lock, flat),
    store: context.store,
    cacheDir: context.cacheDir,
    shared,
    trusts,
    onProgress,
    signal,
  });
  const artifact = plan.documents === undefined ? written : await addSboms(written, plan.documents, { outputDir, name, signal });
  const pushed = publication && (await publish(publication, { definition: plan.read, artifact, plan: plan.plan, lock, name }, options));
  return { ...artifact, lock, planDigest: plan.plan.digest, cmdline: plan.plan.cmdline, ...(pushed !== undefined && { pushed }) };
}

async function planDefinition(
  definition: Definition,
  options: BuildOptions,
  context: ResolveContext,
  sources: OriginSources,
  flat: FlatImages,
): Promise<{ read: Definition; plan: Plan; lock: Lock; documents?: SbomDocuments }> {
  const read = readLocalFiles(definition, { projectDir: context.folder, store: context.store });
  const { arch, signal } = context;
  const resolved = await resolve(read, { arch, sources, lock: options.lock, update: options.update, signal });
  const { lock } = resolved;
  await checkCommands(resolved, context);
  for (const message of imageNotices(resolved)) options.onProgress?.({ stage: "resolve", message, lasting: true });
  const opened = planSources(context, lock, flat);
  const plan = definitionPlan(resolved, definition, { kernelTakesZstd: await foreignTakesZstd(resolved, opened, context) });
  const { sbom: wanted = true } = options;
  if (wanted === false) return { read, plan, lock };
  const documents = sbomDocuments(await contentsOf(plan, lock, opened, context), wanted);
  const path = wanted === true ? undefined : wanted.path;
  return { read, plan: path === undefined ? plan : withSbom(plan, path, documents.sbom ?? ""), lock, documents };
}

/** Whether a kernel that comes from an image of its own unpacks zstd: its file is looked at. */
async function foreignTakesZstd(
  { definition: { kernel }, images }: Resolved,
  sources: PlanSources,
  { store, cacheDir, shared, onProgress, signal }: ResolveContext,
): Promise<boolean> {
  const image = images.get("kernel.image");
  if (!kernel || !image || typeof kernel.image !== "string") return false;
  const context = { sources, store, segments: new SegmentStore(cacheDir), shared, onProgress, signal };
  return takesZstd(planKernel(kernel, image), context);
}

/** The formats that a build writes. */
export function formatsOf({
  format = DEFAULT_FORMAT,
  formats = [format],
}: Pick<BuildOptions, "format" | "formats">): readonly FormatName[] {
  return formats;
}

function sharedCache({ cache, verify, registryMirrors, registryAuth, onProgress, signal }: BuildOptions): RegistryCache | undefined {
  if (!cache || (cache.to === undefined && [cache.from ?? []].flat().length === 0)) return undefined;
  return openRegistryCache(cache, { verify, registryMirrors, auth: registryAuth, onProgress, signal });
}

/** The settings of all lookups of a build. @throws INVALID_DEFINITION for another architecture */
export function resolveContext(options: Omit<BuildOptions, "outputDir">): ResolveContext {
  const { arch = "amd64", folder = process.cwd(), cacheDir = defaultCacheDir() } = options;
  if (!ARCHES.includes(arch)) {
    throw new LinuxKitError("INVALID_DEFINITION", `arch: got "${arch}", wanted one of ${ARCHES.join(", ")}`, { path: "arch" });
  }
  return { ...options, arch, folder, cacheDir, store: new BlobStore(cacheDir) };
}
