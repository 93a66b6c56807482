import { isDeferred } from "../core/deferred.ts";
import { type Failure, failure } from "../core/failure.ts";
import { containersOf, type Definition } from "./definition.ts";
import { plainPath } from "./file.ts";
import { itemsOf } from "./inputs.ts";
import { hasOwnInit } from "./own-init.ts";

/** Folders of the OS over which the guest's own init mounts filesystems, most of them empty ones in memory. */
export const MOUNTED: readonly string[] = Object.freeze(["dev", "mnt", "proc", "run", "sys", "tmp", "var"]);

/** Those that every container has of its own. */
const MOUNTED_IN_CONTAINERS: readonly string[] = ["dev", "proc", "sys"];

/** Why a file at a path of the OS would not be there once the guest's own init runs; undefined if it would. */
export function hiddenFile(path: string): string | undefined {
  const [top = ""] = plainPath(path).split("/");
  return MOUNTED.includes(top)
    ? `is hidden in the machine, whose init mounts another filesystem over /${top}: wanted a path outside of ${MOUNTED.map((folder) => `/${folder}`).join(", ")}, or a file of a container's image`
    : undefined;
}

/** Files that something is mounted over. */
export function hiddenFiles(definition: Definition): Failure[] {
  const { files } = definition;
  const own = hasOwnInit(definition);
  const ofMachine = itemsOf(files).flatMap(([index, file]) => {
    const why = own && !isDeferred(file) && typeof file.path === "string" ? hiddenFile(file.path) : undefined;
    return why === undefined ? [] : [failure(["files", index, "path"], `got ${JSON.stringify(file.path)}, which ${why}`)];
  });
  const ofContainers = containersOf(definition).flatMap(({ steps, container }) => {
    const image = isDeferred(container) ? undefined : container.image;
    if (typeof image !== "object" || isDeferred(image) || isDeferred(image.debian)) return [];
    return itemsOf(image.debian.files).flatMap(([index, file]) => {
      if (isDeferred(file) || typeof file.path !== "string") return [];
      const [top = "", below] = plainPath(file.path).split("/");
      if (below === undefined || !MOUNTED_IN_CONTAINERS.includes(top)) return [];
      const message = `got ${JSON.stringify(file.path)}, which is hidden in the container, where another filesystem is mounted over /${top}`;
      return [failure([...steps, "image", "debian", "files", index, "path"], `${message}: wanted another path`)];
    });
  });
  return [...ofMachine, ...ofContainers];
}
