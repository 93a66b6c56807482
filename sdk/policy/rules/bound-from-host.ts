import { isDeferred } from "../../core/deferred.ts";
import { list, type Seen } from "../subject.ts";

/** A folder or file of the host that a service sees. */
export interface Bound {
  /** The path of the bind in the definition. */
  readonly path: string;
  /** The path on the host. */
  readonly source: string;
  readonly isWritable: boolean;
}

/** Folders and files of the host that a service sees, by its binds and mounts. Volumes have names, not paths. */
export function boundFromHost({ container, at }: Pick<Seen, "container" | "at">): Bound[] {
  const binds = (["binds", "binds.add"] as const).flatMap((field) =>
    list(container[field]).flatMap((bind, index): Bound[] => {
      if (typeof bind !== "string") return [];
      const [source = "", , options = ""] = bind.split(":");
      return source.startsWith("/") ? [{ path: at(field, index), source, isWritable: !options.split(",").includes("ro") }] : [];
    }),
  );
  const mounts = list(container.mounts).flatMap((mount, index): Bound[] => {
    if (isDeferred(mount) || mount.type !== "bind" || typeof mount.source !== "string" || !mount.source.startsWith("/")) return [];
    return [{ path: at("mounts", index), source: mount.source, isWritable: !list(mount.options).includes("ro") }];
  });
  return [...binds, ...mounts];
}
