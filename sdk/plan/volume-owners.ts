import { LinuxKitError } from "../core/errors.ts";
import type { Container } from "../definition/container.ts";
import type { Definition } from "../definition/definition.ts";
import type { Bundle } from "../runtime/bundle.ts";

/**
 * Of each volume in memory that containers with users of their own show: where these users begin. The disk of a
 * persistent volume is id-mapped instead, and shown to each with its own.
 *
 * @throws INVALID_DEFINITION where those who share a volume have different users: its files would be nobody's to one;
 * and for a disk where the runtime knows no id-mapped mounts, as Debian 12's runc
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
          `${path}: the disk of volume ${JSON.stringify(source)} has to be id-mapped beside userns: "private", which only crun does; wanted init: [debian.init()]`,
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
          `${path}: volume ${JSON.stringify(source)} is in ${first.location} too, and these two have different users; wanted a persistent volume, or no userns: "private" in either`,
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
