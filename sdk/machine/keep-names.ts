import { parsePath, valueAt } from "../core/property-path.ts";

/**
 * The option that keeps names which a resource already has, because a rename of a stack, project or resource must replace
 * nothing. Pulumi takes an ignored property from the state; a new resource, or one that is replaced for another reason, gets the
 * program's value. Source: Pulumi, "Resource option: ignoreChanges".
 *
 * @param names by their paths; one that the program has changed by a transform is the program's, and is not kept
 */
export function keepNames(args: object, names: Readonly<Record<string, unknown>>): { readonly ignoreChanges: string[] } {
  return {
    ignoreChanges: Object.entries(names).flatMap(([path, name]) =>
      name !== undefined && valueAt(args, parsePath(path)) === name ? [path] : [],
    ),
  };
}
