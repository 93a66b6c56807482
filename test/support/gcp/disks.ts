/**
 * Plays persistent disks, and attaching them.
 *
 * Source: Compute Engine API, disks.insert, disks.resize.
 * Assumed: the words of refusals.
 */
import { type Compute, type Kind, type ResourceScope, SET_LABELS } from "./compute.ts";
import { resolveImage } from "./images.ts";
import { inUse, invalid } from "./refusal.ts";
import type { Json } from "./schemas.ts";

/** The collection of disks. */
export const DISKS: Kind = {
  collection: "disks",
  kind: "disk",
  scopes: ["zones"],
  schema: "Disk",
  insert(world, body, at) {
    const image = body.sourceImage === undefined ? undefined : resolveImage(world, at.project, body.sourceImage, "resource.sourceImage");
    const sizeGb = Number(body.sizeGb ?? image?.diskSizeGb ?? 500);
    if (sizeGb < Number(image?.diskSizeGb ?? 1) || sizeGb > 65536)
      throw invalid("resource.sizeGb", body.sizeGb, "Disk size must be between the size of its image and 65536 GB.");
    return { made: { status: "READY", sizeGb: String(sizeGb), type: typeOf(world, at, body.type), users: [] } };
  },
  remove(world, path) {
    const [user] = world.get(path).users;
    if (user !== undefined) throw inUse("disk", path, user);
  },
  verbs: {
    setLabels: SET_LABELS,
    resize: {
      schema: "Disk",
      run(_, disk, { sizeGb }) {
        if (Number(sizeGb) <= Number(disk.sizeGb))
          throw invalid("sizeGb", sizeGb, `New disk size must be larger than existing size ${disk.sizeGb} GB.`);
        disk.sizeGb = String(sizeGb);
      },
    },
  },
};

function typeOf(world: Compute, { scope }: Pick<ResourceScope, "scope">, type: Json): string {
  const name = String(type ?? "pd-standard")
    .split("/")
    .at(-1) as string;
  if (!/^(pd-(standard|balanced|ssd|extreme)|hyperdisk-(balanced|throughput|extreme|ml))$/.test(name))
    throw invalid("resource.type", type, "The referenced resource does not exist.");
  return world.url(`${scope}/diskTypes/${name}`);
}

/** Marks a disk as attached. @throws GoogleRefusal if another machine has it, unless the mode is READ_ONLY */
export function attach(world: Compute, project: string, source: Json, mode: Json, instance: string, field: string): string {
  const { path, resource } = world.resolve(project, source, field);
  const zone = instance.split("/").slice(0, 4).join("/");
  if (!path.startsWith(`${zone}/`)) throw invalid(field, source, `The disk must be in the machine's zone, ${zone}.`);
  if (resource.users.length > 0 && mode !== "READ_ONLY") throw inUse("disk", path, resource.users[0]);
  resource.users.push(instance);
  return path;
}

export function detach(world: Compute, source: string, instance: string): void {
  const disk = world.resources.get(source);
  if (disk) disk.users = disk.users.filter((user: string) => user !== instance);
}
