import type { Definition } from "../definition/definition.ts";
import { volumeMount } from "../definition/volume.ts";
import type { Resolved } from "../resolve/resolve.ts";
import { directoryStep, symlinkStep } from "./entry-step.ts";
import type { EntryStep, LayoutStep, UnpackStep } from "./plan.ts";
import { sourceOf } from "./source.ts";

/** The initial content of the volumes: an image's tree, or the image as an OCI layout. `owners` come from `volumeOwners`. */
export function volumeTrees({ definition, images, layouts }: Resolved, owners: ReadonlyMap<string, number>): (UnpackStep | LayoutStep)[] {
  return Object.keys(definition.volumes).flatMap((name): (UnpackStep | LayoutStep)[] => {
    const location = `volumes.${name}.image`;
    const prefix = `containers/volumes/${name}/lower`;
    const layout = layouts.get(location);
    if (layout) return [{ kind: "layout", ...layout, prefix, location }];
    const image = images.get(location);
    const idBase = owners.get(name) ?? 0;
    return image ? [{ kind: "unpack", source: sourceOf(image), prefix, place: "volume", ...(idBase > 0 && { idBase }), location }] : [];
  });
}

/**
 * The folders of the volumes. In the guest, `tmp` becomes the upper layer, which takes the writes, so a read-only volume
 * has no `tmp`. The upper layer has the owner of `lower`.
 */
export function volumeSteps({ volumes }: Definition, owners: ReadonlyMap<string, number>): EntryStep[] {
  return Object.entries(volumes).flatMap(([name, { image, readonly, persistent }]): EntryStep[] => {
    // a symlink to the disk's mount point; it is not a folder, so the guest does not mount an overlay there
    if (persistent)
      return [directoryStep(`containers/volumes/${name}`), symlinkStep(`containers/volumes/${name}/merged`, volumeMount(name))];
    const folders = [...(image === undefined ? ["lower"] : []), ...(readonly ? [] : ["tmp"]), "merged"];
    return folders.map((folder) => directoryStep(`containers/volumes/${name}/${folder}`, 0o755, folder === "lower" ? owners.get(name) : 0));
  });
}
