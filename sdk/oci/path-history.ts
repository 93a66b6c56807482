import type { Entry, EntryHeader } from "../archive/entry.ts";
import { readTar } from "../archive/read-tar.ts";
import { verify } from "../core/bytes.ts";
import { throwIfCancelled } from "../core/errors.ts";
import { decompress } from "./decompress.ts";
import { createLayerMeter, type FlattenLimits, withDefaults } from "./flatten/limits.ts";
import type { Layer } from "./layer.ts";

/** What a layer does to a path: it has an entry for it, or it removes what lower layers have. */
export type LayerTouch = { readonly layer: number; readonly entry: EntryHeader } | { readonly layer: number; readonly removes: true };

/**
 * What the layers of an image do to a path, bottom first (image-spec, layer.md): a whiteout removes the path or a folder above it.
 *
 * @param path relative to the root, without a leading `/`
 * @param onEntry sees every entry, and may read its body
 * @throws as `flattenImage`
 */
export async function pathHistory(
  layers: readonly Layer[],
  path: string,
  onEntry: (entry: Entry) => Promise<void>,
  options: { readonly limits?: FlattenLimits | undefined; readonly signal?: AbortSignal | undefined } = {},
): Promise<readonly LayerTouch[]> {
  const meter = createLayerMeter(withDefaults(options.limits));
  const whiteouts = whiteoutsOf(path);
  const touches: LayerTouch[] = [];
  for (const [index, layer] of layers.entries()) {
    const what = `layer ${layer.digest}`;
    const tar = meter.bytes(decompress(verify(layer.open(), layer, what), what), layer.size, what);
    let entry: EntryHeader | undefined;
    let removes = false;
    for await (const { body, ...header } of readTar(tar, what, { end: "optional", parents: "clamped" })) {
      throwIfCancelled(options.signal, "reading an image");
      meter.entry(header.path.length, what);
      if (header.path === path) entry = header;
      else if (whiteouts.has(header.path)) removes = true;
      else await onEntry({ ...header, body });
    }
    // whiteouts concern lower layers, whatever their place in the tar
    if (entry) touches.push({ layer: index, entry });
    else if (removes) touches.push({ layer: index, removes: true });
  }
  return touches;
}

/** The whiteouts that remove a path: its own, those of the folders above it, and the opaque ones of those folders. */
function whiteoutsOf(path: string): ReadonlySet<string> {
  const parts = path.split("/");
  return new Set(
    parts.flatMap((name, index) => {
      const folder = parts
        .slice(0, index)
        .map((part) => `${part}/`)
        .join("");
      return [`${folder}.wh.${name}`, `${folder}.wh..wh..opq`];
    }),
  );
}
