import { UNKNOWN } from "../core/deferred.ts";
import type { Definition } from "../definition/definition.ts";
import { listFiles } from "../definition/keyed-files.ts";

/** The type token of `ImageBuild`. */
export const IMAGE_BUILD = "linuxkit:index:ImageBuild";

/** An operating system without any part. */
export const NOTHING: Definition = { init: [], onboot: [], onshutdown: [], services: {}, volumes: {}, files: [] };

/** The definition in the property `image`; undefined for an artifact that was built elsewhere. */
export function definitionOf(image: unknown): Definition | undefined {
  return typeof image === "object" && image !== null ? { ...NOTHING, ...(listFiles(image) as object) } : undefined;
}

/** A copy of a resource's property. In a preview, reading an unknown value throws: the symbol that stands for one takes its place. */
export function known(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  const read = (name: string | number): unknown => {
    try {
      return known((value as Record<string | number, unknown>)[name]);
    } catch {
      return UNKNOWN;
    }
  };
  return Array.isArray(value)
    ? Array.from({ length: value.length }, (_, index) => read(index))
    : Object.fromEntries(Object.keys(value).map((name) => [name, read(name)]));
}
