import { isDeferred } from "../../core/deferred.ts";
import { formatPath, type Step, valueAt } from "../../core/property-path.ts";
import type { Definition } from "../../definition/definition.ts";
import { hasOwnInit } from "../../definition/own-init.ts";
import type { Rule } from "../../plugin/check-inputs.ts";
import { isProperties, type Properties, type Value } from "../../plugin/value.ts";
import { printsCommandLine } from "./printed-command-line.ts";

/** The places of a definition that have an image, as steps; `*` stands for each member. */
const IMAGES: readonly (readonly Step[])[] = [
  ["kernel", "image"],
  ["init", "*"],
  ["onboot", "*", "image"],
  ["onshutdown", "*", "image"],
  ["services", "*", "image"],
  ["volumes", "*", "image"],
];

/** The places of a name that the machine writes to its console. */
const NAMES: readonly (readonly Step[])[] = [
  ["onboot", "*", "name"],
  ["onshutdown", "*", "name"],
  ["volumes", "*", "persistent", "label"],
  ["volumes", "*", "persistent", "serial"],
  ["volumes", "*", "persistent", "device"],
];

/**
 * Refuses a secret where a name is expected: file names, the SBOM, the lock and the machine's console show names in clear. A secret
 * is for a value: the content of a file, an environment, a command.
 */
export function secretNames(isSecret: (path: string) => boolean): Rule {
  return ({ name, image }, fail) => {
    const refuse = (steps: readonly Step[], shows: string): void => {
      if (isSecret(formatPath(steps)))
        fail(steps, `got a secret, which ${shows} would show in clear: wanted it without the mark, as of pulumi.unsecret`);
    };
    if (name !== undefined) refuse(["name"], "the files' names");
    if (!isProperties(image)) return;
    for (const place of IMAGES)
      for (const steps of placesOf(image, place)) {
        const source = valueAt(image, steps);
        // of an image made from packages only these are named
        const named = typeof source === "string" ? [steps] : placesOf(image, [...steps, "debian", "packages", "*"]);
        for (const found of named) refuse(["image", ...found], "the lock and the SBOM");
      }
    for (const place of NAMES) for (const steps of placesOf(image, place)) refuse(["image", ...steps], "the machine's console");
    const cmdline = valueAt(image, ["kernel", "cmdline"]);
    if (typeof cmdline !== "string" || !isSecret("image.kernel.cmdline")) return;
    const own = !isDeferred(image.init) && hasOwnInit(image as unknown as Definition);
    if (printsCommandLine(cmdline, own))
      fail(
        ["image", "kernel", "cmdline"],
        "got a secret, which the kernel would print to its console: wanted the word quiet after it, or loglevel=5 or less",
      );
  };
}

/** Every place of a pattern that has a known value. */
function placesOf(root: Properties, [first, ...rest]: readonly Step[], at: readonly Step[] = []): Step[][] {
  const value = valueAt(root, at) as Value | undefined;
  if (first === undefined) return value === undefined || value === null || isDeferred(value) ? [] : [[...at]];
  if (first !== "*") return placesOf(root, rest, [...at, first]);
  const members = Array.isArray(value) ? value.map((_, index) => index) : isProperties(value) ? Object.keys(value) : [];
  return members.flatMap((member) => placesOf(root, rest, [...at, member]));
}
