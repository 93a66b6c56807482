import { type Input, type Output, output } from "@pulumi/pulumi/output.js";
import { isDeferred } from "../../sdk/core/deferred.ts";
import { LinuxKitError } from "../../sdk/core/errors.ts";
import type { Tags } from "../../sdk/machine/args.ts";

/** What is wrong with a value, `got …, wanted …`; undefined: nothing. */
export type ArgumentRule<T> = (value: T) => string | undefined;

/** Throws what is wrong with an argument, where something is. */
export type Refuse = (path: string, problem: string | undefined) => void;

/** @param what begins each message: `fleet "web"` */
export function refuser(what: string): Refuse {
  return (path, problem) => {
    if (problem !== undefined) throw new LinuxKitError("INVALID_DEFINITION", `${what}: ${path}: ${problem}`, { path });
  };
}

/**
 * An argument that is checked by a rule: at once where its value is known, so that nothing is created, else when it becomes known.
 *
 * @throws INVALID_DEFINITION
 */
export function ruled<V extends Input<unknown> | undefined, T>(refuse: Refuse, path: string, given: V, rule: ArgumentRule<T>): V {
  if (given === undefined) return given;
  const checked = (value: T): T => {
    if (value !== undefined) refuse(path, rule(value));
    return value;
  };
  const isList = Array.isArray(given) && given.some(isDeferred);
  if (isList || isDeferred(given)) return (output(given) as Output<unknown>).apply((value) => checked(value as T)) as unknown as V;
  checked(given as unknown as T);
  return given;
}

/** Text that matches a pattern. */
export function matching(pattern: RegExp, wanted: string): ArgumentRule<string> {
  return (text) => (pattern.test(text) ? undefined : `got ${shown(text)}, wanted ${wanted}`);
}

/** A whole number within limits. */
export function between(least: number, most: number, unit = ""): ArgumentRule<number> {
  return (number) =>
    Number.isInteger(number) && number >= least && number <= most
      ? undefined
      : `got ${number}, wanted a whole number from ${least}${most === Number.MAX_SAFE_INTEGER ? "" : ` to ${most}`}${unit && ` ${unit}`}`;
}

/** At most so many bytes in UTF-8. */
export function atMostBytes(most: number): ArgumentRule<string> {
  return (text) => {
    const bytes = Buffer.byteLength(text);
    return bytes <= most ? undefined : `got ${bytes} bytes, wanted at most ${most}`;
  };
}

/**
 * Tags that EC2 and EBS both take.
 *
 * Source: EBS direct APIs Reference, Tag (a key of 1 to 127 characters, a value of at most 255); EC2 User Guide, "Tag
 * restrictions" (50 tags of a resource, no key that begins with aws:).
 *
 * @param own how many tags the component adds
 */
export function tagRule(own: number): ArgumentRule<Readonly<Record<string, unknown>>> {
  return (tags) => {
    const pairs = Object.entries(tags);
    if (pairs.length > 50 - own) return `got ${pairs.length} tags, wanted at most ${50 - own}: AWS allows 50, and ${own} are set here`;
    for (const [key, value] of pairs) {
      if (key.length < 1 || key.length > 127) return `got a key of ${key.length} characters, wanted 1 to 127`;
      if (/^aws:/i.test(key)) return `got the key ${shown(key)}, wanted one that does not begin with aws:, which AWS keeps for itself`;
      if (typeof value === "string" && value.length > 255)
        return `got a value of ${value.length} characters for ${shown(key)}, wanted at most 255`;
    }
    return undefined;
  };
}

/** Tags that are checked by {@link tagRule}: keys at once, and each value as soon as it is known. */
export function ruledTags(refuse: Refuse, tags: Tags | undefined, own: number): Tags | undefined {
  if (tags === undefined) return undefined;
  const rule = tagRule(own);
  if (!isDeferred(tags)) refuse("tags", rule(tags as Readonly<Record<string, unknown>>));
  return output(tags).apply((tags) => {
    refuse("tags", rule(tags));
    return tags;
  });
}

function shown(text: string): string {
  return JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}…` : text);
}
