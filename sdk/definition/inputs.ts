import type { Input } from "@pulumi/pulumi/output.js";

type Leaf = string | number | boolean | null | undefined;

/**
 * `T` with every leaf and every list also as a `pulumi.Input`: a program may give a value that is not known before
 * another resource has been made. What a schema says stays the only source of the shape.
 */
export type Inputs<T> = [T] extends [Leaf]
  ? Input<T>
  : T extends Leaf
    ? Input<T>
    : T extends readonly (infer Item)[]
      ? Input<readonly Inputs<Item>[]>
      : { readonly [K in keyof T]: Inputs<T[K]> };

/** Stands for a value that is not known yet. The plugin's own mark for such a value is a symbol too, and is treated alike. */
const DEFERRED: unique symbol = Symbol.for("pulumi-linuxkit.unknown");

/** Whether a value cannot be judged yet: an Output, a promise, or the plugin's mark for an unknown. */
export function isDeferred(value: unknown): boolean {
  if (typeof value === "symbol") return true;
  if (typeof value !== "object" || value === null) return false;
  // an Output answers any property with another Output, so its brand is asked for first
  if ((value as { __pulumiOutput?: unknown }).__pulumiOutput === true) return true;
  return typeof (value as { then?: unknown }).then === "function";
}

/** The items of a list with their indexes; none where the list is not there or not known yet. */
export function itemsOf<T>(list: readonly T[] | undefined): [number, T][] {
  return Array.isArray(list) ? [...list.entries()] : [];
}

/** A copy in which a symbol stands for every value that cannot be judged yet, so that a schema never looks into one. */
export function masked(value: unknown): unknown {
  if (isDeferred(value)) return DEFERRED;
  if (Array.isArray(value)) return value.map(masked);
  if (!isPlain(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, masked(member)]));
}

/** A frozen copy of arrays and plain objects without the members that are `undefined`; an Output is kept as it is. */
export function frozenCopy<T>(value: T): T {
  if (isDeferred(value)) return value;
  if (Array.isArray(value)) return Object.freeze(value.map(frozenCopy)) as T;
  if (!isPlain(value)) return value;
  const members = Object.entries(value).filter(([, member]) => member !== undefined);
  return Object.freeze(Object.fromEntries(members.map(([name, member]) => [name, frozenCopy(member)]))) as T;
}

function isPlain(value: unknown): value is object {
  if (typeof value !== "object" || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
