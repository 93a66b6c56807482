import type { Platform } from "../../sdk/oci/descriptor.ts";
import type { FetchBlobsOptions } from "../../sdk/oci/fetch-blobs.ts";
import type { OciImage } from "../../sdk/oci/image.ts";
import { fetchLayers, findImage, type SourceOptions } from "../../sdk/oci/open-source.ts";

/** Finds an image and fetches its layers into the store. */
export async function pullImage(reference: string, platform: Platform, options: SourceOptions & FetchBlobsOptions): Promise<OciImage> {
  const image = await findImage(reference, platform, options);
  await fetchLayers(reference, image.manifest.layers, options);
  return image;
}
