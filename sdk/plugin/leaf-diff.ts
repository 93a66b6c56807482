import { formatPath, type Step } from "../core/property-path.ts";
import type { DiffKind } from "./resource-type.ts";
import { isProperties, type Value } from "./value.ts";

/** Decides what the change of a leaf does, by its path. */
export type KindOf = (path: string, steps: readonly Step[]) => DiffKind | "ignore";

/**
 * Compares two values down to their leaves and names each that differs: `image.services.web.capabilities[0]`. A
 * member or item that only one side has is one entry, however much it holds. An unknown value differs from everything.
 * The order of an object's members means nothing, that of a list's items does.
 */
export function leafDiff(old: Value | undefined, now: Value | undefined, kindOf: KindOf = () => "update"): Map<string, DiffKind> {
  const changed = new Map<string, DiffKind>();
  const compare = (a: unknown, b: unknown, steps: readonly Step[]): void => {
    if (Object.is(a, b) && typeof a !== "symbol") return;
    if (Array.isArray(a) && Array.isArray(b)) {
      for (let index = 0; index < Math.max(a.length, b.length); index++) compare(a[index], b[index], [...steps, index]);
    } else if (isProperties(a) && isProperties(b)) {
      for (const name of new Set([...Object.keys(a), ...Object.keys(b)])) compare(a[name], b[name], [...steps, name]);
    } else {
      const path = formatPath(steps);
      const kind = kindOf(path, steps);
      if (kind !== "ignore") changed.set(path, kind);
    }
  };
  compare(old, now, []);
  return changed;
}
