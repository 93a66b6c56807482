import type { BlobStore } from "../../cache/blob-store.ts";
import type { Arch } from "../../core/arch.ts";
import { collect } from "../../core/bytes.ts";
import type { OnProgress } from "../../core/progress.ts";
import { CONFIG_LIMIT } from "../../oci/image-config.ts";
import { storedLayers } from "../../oci/layer.ts";
import { layerCommands } from "../../oci/layer-commands.ts";
import { fetchLayers, findImage, type SourceOptions } from "../../oci/open-source.ts";
import { pathHistory } from "../../oci/path-history.ts";
import { fileOwners } from "../../sbom/file-owners.ts";
import { DATABASE_LIMIT, treeDatabases } from "../../sbom/tree-databases.ts";
import { masked } from "../masked.ts";
import type { Answer } from "./answer.ts";

/** What {@link explainImagePath} reads an image with. */
export interface ImageReading extends Omit<SourceOptions, "store"> {
  /** Keeps what is fetched. */
  readonly store: BlobStore;
  readonly arch: Arch;
  readonly onProgress?: OnProgress | undefined;
}

/**
 * Which layer of a container image has a path, the command that made the layer, and the package.
 *
 * @throws as `findImage` and `flattenImage`
 */
export async function explainImagePath(reference: string, path: string, options: ImageReading): Promise<Answer[]> {
  const { store, arch, signal } = options;
  const { manifest, config } = await findImage(reference, { os: "linux", architecture: arch }, options);
  await fetchLayers(reference, manifest.layers, options);
  const commands = layerCommands(await collect(store.open(manifest.config.digest), CONFIG_LIMIT), `configuration of ${reference}`);
  const [owners, databases] = [fileOwners(), treeDatabases()];
  const touches = await pathHistory(
    storedLayers(store, manifest.layers, config.diffIds),
    path.slice(1),
    async ({ path: name, type, body }) => {
      const readers = type === "file" ? [owners, databases].filter((reader) => reader.wants(name)) : [];
      if (readers.length === 0) return;
      const text = (await collect(body, DATABASE_LIMIT, name)).toString();
      for (const reader of readers) reader.add(name, text);
    },
    { signal },
  );
  const owner = owners.ownerOf(path.slice(1));
  const version = databases.packages().findLast(({ name }) => name === owner)?.version;
  return touches.map((touch): Answer => {
    const layer = manifest.layers[touch.layer]?.digest;
    const command = commands[touch.layer];
    const made = command === undefined ? "" : `, made by: ${masked(command, "command")}`;
    const where = { part: "image", image: reference, layer };
    const place = `layer ${touch.layer + 1} of ${manifest.layers.length}${made}`;
    if (!("entry" in touch)) return { ...where, message: `removed by ${place}` };
    const { type, mode, uid, gid, size, link } = touch.entry;
    const what =
      type === "symlink" || type === "hardlink" ? `a link to ${link}` : type === "file" ? `a file of ${size} bytes` : `a ${type}`;
    return {
      ...where,
      message: `${what}, mode ${mode.toString(8).padStart(4, "0")}, owner ${uid}:${gid}, from ${place}`,
      ...(owner !== undefined && { package: { name: owner, version } }),
    };
  });
}
