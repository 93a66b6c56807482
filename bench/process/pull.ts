/* Pulls one image into an OCI layout, and prints its peak memory: `pull.ts REFERENCE FOLDER`. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

// the compiled code, as users run it: stripping types would take memory
const dist = (module: string): Promise<unknown> => import(new URL(`../../dist/sdk/${module}.js`, import.meta.url).href);
const { BlobStore } = (await dist("cache/blob-store")) as typeof import("../../sdk/cache/blob-store.ts");
const { fetchLayers, findImage } = (await dist("oci/open-source")) as typeof import("../../sdk/oci/open-source.ts");
const { keepHeapSmall } = (await dist("core/small-heap")) as typeof import("../../sdk/core/small-heap.ts");
const { encodeIndex } = (await dist("oci/image-index")) as typeof import("../../sdk/oci/image-index.ts");
const { LAYOUT_MARKER, REF_NAME } = (await dist("oci/layout")) as typeof import("../../sdk/oci/layout.ts");
const { MEDIA_TYPE } = (await dist("oci/media-type")) as typeof import("../../sdk/oci/media-type.ts");

// as the plugin and the command do
keepHeapSmall();
const [reference, folder] = process.argv.slice(2) as [string, string];
// a store keeps blobs at the paths of a layout
const store = new BlobStore(folder);
const options = { store, auth: async () => undefined };
const { manifest, digest } = await findImage(reference, { os: "linux", architecture: "amd64" }, options);
await fetchLayers(reference, manifest.layers, options);
const root = await store.find(digest);
if (!root) throw new Error(`${digest} is not in the store`);
const tagged = { mediaType: manifest.mediaType, digest, size: root.size, annotations: { [REF_NAME]: "1" } };
writeFileSync(join(folder, "oci-layout"), LAYOUT_MARKER);
writeFileSync(join(folder, "index.json"), encodeIndex({ mediaType: MEDIA_TYPE.ociIndex, manifests: [tagged] }));
const peakMB = (Number(/VmHWM:\s+(\d+)/.exec(readFileSync("/proc/self/status", "utf8"))?.[1]) * 1024) / 1e6;
process.stdout.write(JSON.stringify({ peakMB }));
