import { BlobStore } from "../cache/blob-store.ts";
import { defaultCacheDir } from "../cache/location.ts";
import { openSession } from "../cache/session.ts";
import type { Arch } from "../core/arch.ts";
import { isLinuxKitError } from "../core/errors.ts";
import type { OnProgress } from "../core/progress.ts";
import { formatPath } from "../core/property-path.ts";
import type { ContainerFields } from "../definition/container-fields.ts";
import { containersOf, type Definition } from "../definition/definition.ts";
import type { Image } from "../definition/image.ts";
import { checkedLabel } from "../definition/label.ts";
import { trustsLabel } from "../definition/label-rules.ts";
import { sourceKey } from "../resolve/image-source.ts";
import { type Lock, pinnedImage, usableLock } from "../resolve/lock.ts";
import { type Origins, originSources } from "./origins.ts";

/** Options of {@link imageLabels}. */
export interface LabelOptions extends Origins {
  /** The architecture. @default "amd64" */
  readonly arch?: Arch | undefined;
  /** The folder that relative `oci:` references are relative to. @default the working directory */
  readonly folder?: string | undefined;
  /** The folder of the cache. @default see `defaultCacheDir` */
  readonly cacheDir?: string | undefined;
  /** The lock of a build, whose images are read. @default today's images */
  readonly lock?: Lock | undefined;
  /** Called with what is done, and how much of it. @default not called */
  readonly onProgress?: OnProgress | undefined;
  /** Aborts the work; it then fails with CANCELLED. @default it runs to its end */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Reads the `org.mobyproject.config` labels that count as a whole: of images in LinuxKit's sandbox, and of those with
 * `label: "allow"`. No layer is fetched. An image that cannot be read is left out, and `onProgress` has the reason.
 *
 * @returns the label's fields by the container's path, for `labels` of `audit`
 * @throws INVALID_DEFINITION for a label with a wrong field; CANCELLED
 */
export async function imageLabels(image: Image, options: LabelOptions = {}): Promise<Record<string, ContainerFields>> {
  return labelsOf(image.spec, options);
}

/** {@link imageLabels} for a definition as plain JSON. */
export async function labelsOf(definition: Definition, options: LabelOptions): Promise<Record<string, ContainerFields>> {
  const { arch = "amd64", folder = process.cwd(), cacheDir = defaultCacheDir(), onProgress } = options;
  using _session = openSession(cacheDir);
  const sources = originSources({ ...options, arch, folder, cacheDir, store: new BlobStore(cacheDir) });
  const lock = usableLock(options.lock, arch, "locked");
  const labels: Record<string, ContainerFields> = {};
  for (const { phase, name, container } of containersOf(definition)) {
    const { image } = container;
    if (typeof image !== "string" || !trustsLabel(container)) continue;
    const place = formatPath([phase, name]);
    const location = `${place}.image`;
    try {
      const { config } = await sources.findImage(image, pinnedImage(sourceKey(image), { images: {}, signed: {} }, lock), location);
      labels[place] = checkedLabel(config.label, location);
    } catch (error) {
      if (!isLinuxKitError(error) || error.code === "CANCELLED" || error.code === "INVALID_DEFINITION") throw error;
      onProgress?.({ stage: "resolve", message: `${location}: its label was not read: ${error.message}`, lasting: true });
    }
  }
  return labels;
}
