import { isDeferred } from "../core/deferred.ts";
import type { Definition } from "./definition.ts";

/** Whether the guest's own init runs, `debian.init()`: then crun, and the second version of control groups. */
export function hasOwnInit({ init }: Pick<Definition, "init">): boolean {
  if (!Array.isArray(init)) return false;
  return init.some(
    (source) => !isDeferred(source) && typeof source !== "string" && !isDeferred(source.debian) && source.debian.role === "init",
  );
}
