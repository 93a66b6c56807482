import { join } from "node:path";
import type { Advisories } from "../advisory/advisory.ts";
import type { BlobStore } from "../cache/blob-store.ts";
import { type Arch, ARCHES } from "../core/arch.ts";
import { LinuxKitError } from "../core/errors.ts";
import type { OnProgress } from "../core/progress.ts";
import { type FlatImage, flattenImage } from "../oci/flatten/flatten.ts";
import { storedLayers } from "../oci/layer.ts";
import { fetchLayers, findImage, type SourceOptions } from "../oci/open-source.ts";
import type { Entry } from "../archive/entry.ts";
import type { Holding } from "./held/holding.ts";
import { heldInTree } from "./held/tree.ts";
import { recordTree } from "./tree/record.ts";
import { imageConfigFacts } from "./facts/image-config.ts";
import { type Review, reviewOf } from "./review.ts";
import { diffTrees, type ReviewedTree } from "./tree/diff-trees.ts";

/** What {@link reviewImages} reads images with. */
export interface ImagesOptions extends Omit<SourceOptions, "store"> {
  /** Keeps what is fetched. */
  readonly store: BlobStore;
  /** The folder of the cache, on whose disk the files are unpacked one image at a time. */
  readonly cacheDir: string;
  /** The architecture of an image that has several. @default "amd64" */
  readonly arch?: Arch | undefined;
  /** The known faults of packages. @default none are known */
  readonly advisories?: Advisories | undefined;
  readonly onProgress?: OnProgress | undefined;
}

/** Bytes of all names of one image: two of them and their differences fit into the memory of a small computer. */
const NAMES = 64 << 20;

const PART = ["image"];

/** What {@link compareImages} finds. */
export interface ComparedImages {
  readonly review: Review;
  /** What each image holds, by package and file. */
  readonly held: { readonly before: Holding; readonly after: Holding };
}

/**
 * What changes from one container image to another: files, packages and configuration. Each is a reference to a registry, an
 * OCI layout or an archive of `docker save`.
 *
 * @throws as `findImage`; HOSTILE_ARCHIVE for an image that would leave its root, or take too much memory or disk
 */
export async function reviewImages(before: string, after: string, options: ImagesOptions): Promise<Review> {
  return (await compareImages(before, after, options)).review;
}

/** {@link reviewImages}, with what each image holds. */
export async function compareImages(before: string, after: string, options: ImagesOptions): Promise<ComparedImages> {
  const { arch = "amd64" } = options;
  if (!ARCHES.includes(arch))
    throw new LinuxKitError("INVALID_DEFINITION", `arch: got "${arch}", wanted one of ${ARCHES.join(", ")}`, { path: "arch" });
  const [old, now] = [await openImage(before, arch, options), await openImage(after, arch, options)];
  await using oldTree = await old.flatten();
  await using newTree = await now.flatten();
  const treeOf = async ({ facts }: OpenedImage, flat: FlatImage): Promise<ReviewedTree> => {
    const entries = (): AsyncGenerator<Entry> => flat.entries(options.signal);
    return { facts, recorded: await recordTree(entries()), entries };
  };
  const [was, is] = [await treeOf(old, oldTree), await treeOf(now, newTree)];
  return {
    review: reviewOf(await diffTrees(PART, was, is, options.advisories)),
    held: { before: heldInTree(was.recorded), after: heldInTree(is.recorded) },
  };
}

interface OpenedImage extends Pick<ReviewedTree, "facts"> {
  flatten(): Promise<FlatImage>;
}

async function openImage(reference: string, arch: Arch, options: ImagesOptions): Promise<OpenedImage> {
  const { store, cacheDir, signal } = options;
  const { manifest, config } = await findImage(reference, { os: "linux", architecture: arch }, options);
  return {
    facts: imageConfigFacts(PART, config),
    async flatten() {
      await fetchLayers(reference, manifest.layers, options);
      return flattenImage(storedLayers(store, manifest.layers, config.diffIds), {
        spoolDirectory: join(cacheDir, "segments"),
        limits: { metadataBytes: NAMES },
        signal,
      });
    },
  };
}
