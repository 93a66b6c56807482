import { join } from "node:path";
import type { Entry } from "../archive/entry.ts";
import type { Bytes } from "../core/bytes.ts";
import type { Digest } from "../core/digest.ts";
import { inContext, LinuxKitError } from "../core/errors.ts";
import { ensureDebs } from "../debian/fetch-debs.ts";
import { kernelFile, kernelModules } from "../debian/kernel.ts";
import { unpackDebian } from "../debian/unpack-debian.ts";
import { type FlatImage, flattenImage } from "../oci/flatten/flatten.ts";
import { storedLayers } from "../oci/layer.ts";
import { fetchLayers } from "../oci/open-source.ts";
import type { FlatImages } from "./flat-images.ts";
import { fileOf } from "./image-file.ts";
import type { LayoutStep, PlanBlob, PlanKernel, PlanLayer, PlanSource } from "../plan/plan.ts";
import type { Lock } from "../resolve/lock.ts";
import { debianOptions, ociOptions, type ResolveContext } from "./origins.ts";
import type { PlanSources } from "./sources.ts";

/**
 * Opens the images, kernels and blobs that a plan names, from the cache. What the cache lacks is fetched first.
 *
 * @param flat the images that this build has flattened
 */
export function planSources(context: ResolveContext, lock: Lock, flat: FlatImages): PlanSources {
  const references = new Map(Object.entries(lock.images).map(([reference, manifest]) => [manifest, reference]));
  const layouts = new Map(Object.entries(lock.layouts ?? {}).map(([reference, root]) => [root, reference]));
  const withSignal = (signal: AbortSignal | undefined): ResolveContext => ({ ...context, signal: signal ?? context.signal });

  async function* openDebian(source: Extract<PlanSource, { debian: unknown }>, signal: AbortSignal | undefined): AsyncGenerator<Entry> {
    const options = debianOptions(withSignal(signal));
    await ensureDebs(source.packages, options);
    yield* unpackDebian(source.debian, source.packages, context.arch, options);
  }

  const openImage = (image: OciImage, signal: AbortSignal | undefined): AsyncGenerator<Entry> =>
    flat.entries(image.manifest, () => flattened(image, signal), signal);

  async function flattened({ manifest, layers }: OciImage, signal: AbortSignal | undefined): Promise<FlatImage> {
    const reference = references.get(manifest);
    if (reference === undefined)
      throw new LinuxKitError("NOT_FOUND", `the lock has no reference for the image ${manifest}`, { what: manifest });
    await fetchLayers(reference, layers, { ...ociOptions(withSignal(signal)), onProgress: context.onProgress });
    try {
      return await flattenImage(storedLayers(context.store, layers), {
        spoolDirectory: join(context.cacheDir, "segments"),
        limits: context.limits,
        signal: signal ?? context.signal,
      });
    } catch (error) {
      throw inContext(error, reference);
    }
  }

  const openFile = (source: PlanSource, path: string, signal: AbortSignal | undefined): Promise<Bytes | undefined> =>
    fileOf(() => ("debian" in source ? openDebian(source, signal) : openImage(source.oci, signal)), path);

  async function openBinary(
    { source, binary = "kernel" }: PlanKernel,
    { manifest }: { readonly manifest: Digest },
    signal: AbortSignal | undefined,
  ): Promise<Bytes> {
    const file = await openFile(source, binary, signal);
    if (!file)
      throw new LinuxKitError("NOT_FOUND", `kernel.binary: ${references.get(manifest)} has no file ${JSON.stringify(binary)}`, {
        what: binary,
      });
    return file;
  }

  async function* openBlob(
    { root, location }: LayoutStep,
    { digest, size }: PlanBlob,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<Uint8Array> {
    const reference = layouts.get(root.digest);
    if (reference === undefined)
      throw new LinuxKitError("NOT_FOUND", `${location}: the lock has no reference for ${root.digest}`, { what: root.digest });
    await fetchLayers(reference, [{ digest, size, mediaType: "" }], { ...ociOptions(withSignal(signal)), onProgress: context.onProgress });
    yield* context.store.open(digest);
  }

  return {
    openSource: (source, signal) => ("debian" in source ? openDebian(source, signal) : openImage(source.oci, signal)),
    async openModules(source, names, { purpose, without, signal } = {}) {
      const options = debianOptions(withSignal(signal));
      const deb = kernelPackage(source);
      await ensureDebs([deb], options);
      return kernelModules(deb, names, { ...options, ...(purpose && { purpose }), ...(without && { without }) });
    },
    async openKernel(kernel, signal) {
      if ("oci" in kernel.source) return { body: await openBinary(kernel, kernel.source.oci, signal) };
      const options = debianOptions(withSignal(signal));
      const deb = kernelPackage(kernel.source);
      await ensureDebs([deb], options);
      return { body: await kernelFile(deb, options) };
    },
    openFile,
    openBlob,
  };
}

interface OciImage {
  readonly manifest: Digest;
  readonly layers: readonly PlanLayer[];
}

function kernelPackage(source: PlanSource) {
  const [deb] = "debian" in source ? source.packages : [];
  if (!deb)
    throw new LinuxKitError("UNSUPPORTED", "kernel.image: got an image reference, wanted debian.kernel()", { what: "kernel.image" });
  return deb;
}
