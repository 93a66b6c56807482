import { output } from "@pulumi/pulumi/output.js";
import { isDeferred } from "../../sdk/core/deferred.ts";
import type { Tags } from "../../sdk/machine/args.ts";
import { type ArgumentRule, type Refuse, shown } from "../../sdk/machine/check-arguments.ts";

/**
 * Tags that EC2 and EBS both take.
 *
 * Source: EBS direct APIs Reference, Tag (a key of 1 to 127 characters, a value of at most 255); EC2 User Guide, "Tag
 * restrictions" (50 tags of a resource, no key that begins with aws:).
 *
 * @param own how many tags the component adds
 */
function tagRule(own: number): ArgumentRule<Readonly<Record<string, unknown>>> {
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
