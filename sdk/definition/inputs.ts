import type { Input, OutputInstance } from "@pulumi/pulumi/output.js";
import { isDeferred, isPlain } from "../core/deferred.ts";

type Leaf = string | number | boolean | null | undefined;

/**
 * `T` with every leaf and every list also as a `pulumi.Input`: a program may pass a value that is unknown until another
 * resource exists. The schema stays the only source of the shape.
 */
export type Inputs<T> = [T] extends [Leaf]
  ? Input<T>
  : T extends Leaf
    ? Input<T>
    : T extends readonly (infer Item)[]
      ? Input<readonly Inputs<Item>[]>
      : { readonly [K in keyof T]: Inputs<T[K]> };

/** `T` without its Inputs: every value is known. Documentation of members stays. */
export type Known<T> = T extends Leaf
  ? T
  : T extends Promise<unknown> | OutputInstance<unknown>
    ? never
    : T extends readonly (infer Item)[]
      ? readonly Known<Item>[]
      : { readonly [K in keyof T]: Known<T[K]> };

/** The items of a list with their indexes; empty if the list is missing or unknown. */
export function itemsOf<T>(list: readonly T[] | undefined): [number, T][] {
  return Array.isArray(list) ? [...list.entries()] : [];
}

/** A frozen copy of arrays and plain objects without the members that are `undefined`; an Output is kept as it is. */
export function frozenCopy<T>(value: T): T {
  if (isDeferred(value)) return value;
  if (Array.isArray(value)) return Object.freeze(value.map(frozenCopy)) as T;
  if (!isPlain(value)) return value;
  const members = Object.entries(value).filter(([, member]) => member !== undefined);
  return Object.freeze(Object.fromEntries(members.map(([name, member]) => [name, frozenCopy(member)]))) as T;
}
