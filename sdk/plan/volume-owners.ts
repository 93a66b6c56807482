import { LinuxKitError } from "../core/errors.ts";
import type { Container } from "../definition/container.ts";
import type { Definition } from "../definition/definition.ts";
import type { Bundle } from "../runtime/bundle.ts";

/**
 * The first user id of the containers that use each volume in memory, by volume name. The disk of a persistent volume is
 * id-mapped for each container instead.
 *
 * @throws INVALID_DEFINITION if containers with different user ids share a volume in memory, where its files would have no
 * owner in one of them; and for a disk, if the runtime has no id-mapped mounts, like Debian 12's runc
 */
export function volumeOwners({ volumes, init }: Definition, laidOut: readonly Bundle[]): ReadonlyMap<string, number> {
  const owners = new Map<string, { readonly idBase: number; readonly location: string }>();
  for (const { container, location, idBase } of laidOut) {
    for (const { source, at } of binds(container)) {
      const volume = Object.hasOwn(volumes, source) ? volumes[source] : undefined;
      if (volume?.persistent && idBase > 0 && !mapsIds(init)) {
        const path = `${location}${at}`;
        throw new LinuxKitError(
          "INVALID_DEFINITION",
          `${path}: with userns: "private" the disk of volume ${JSON.stringify(source)} must be id-mapped, which needs crun: set init: [debian.init()]`,
          { path },
        );
      }
      if (!volume || volume.persistent) continue;
      const first = owners.get(source);
      if (!first) owners.set(source, { idBase, location });
      else if (first.idBase !== idBase) {
        const path = `${location}${at}`;
        throw new LinuxKitError(
          "INVALID_DEFINITION",
          `${path}: ${first.location} uses volume ${JSON.stringify(source)} too, with other user ids: make the volume persistent, or leave out userns: "private" in both`,
          { path },
        );
      }
    }
  }
  return new Map([...owners].map(([name, { idBase }]) => [name, idBase]));
}

function mapsIds(init: Definition["init"]): boolean {
  return init.some((source) => typeof source !== "string" && source.debian.role === "init" && source.debian.runtime !== "runc");
}

function binds({
  binds: own,
  "binds.add": added,
  mounts = [],
}: Pick<Container, "binds" | "binds.add" | "mounts">): { readonly source: string; readonly at: string }[] {
  return [
    ...(own ?? added ?? []).map((text, index) => ({
      source: text.split(":")[0] ?? "",
      at: `${own ? ".binds" : '["binds.add"]'}[${index}]`,
    })),
    ...mounts.flatMap(({ type, source }, index) => (type === "bind" && source ? [{ source, at: `.mounts[${index}].source` }] : [])),
  ];
}
