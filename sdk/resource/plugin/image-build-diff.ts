import { formatPath, parsePath, type Step, valueAt } from "../../core/property-path.ts";
import { type Hidden, keyFiles, orderMoved } from "../../definition/keyed-files.ts";
import { inputDiff } from "../../plugin/input-diff.ts";
import type { DiffKind } from "../../plugin/resource-type.ts";
import type { Properties, Value } from "../../plugin/value.ts";
import { type ImageBuildInputs, imageBuildInputs } from "./image-build-inputs.ts";

/**
 * What changes of an image, leaf by leaf, and of its files path by path. The state of an earlier version has lists of files,
 * which is no change.
 *
 * @param isSecret whether an input is secret, by its path: a list of files with a secret path stays a list
 */
export function imageBuildDiff(
  old: ImageBuildInputs,
  now: Properties,
  isSecret: (path: string) => boolean = () => false,
): Map<string, DiffKind> {
  const hidden = { is: (steps: readonly Step[]) => isSecret(formatPath(steps)) };
  const [before, after] = [old as unknown as Properties, now].map((inputs) => withKeys(inputs, hidden)) as [Properties, Properties];
  const changed = new Map<string, DiffKind>();
  for (const [path, kind] of inputDiff(imageBuildInputs, before, after)) {
    const steps = parsePath(path);
    const part = orderedPart(steps);
    if (part === undefined) changed.set(path, kind);
    // paths that came or went are in `files` already
    else if (orderMoved(valueAt(before, part), valueAt(after, part))) changed.set(formatPath([...part, "fileOrder"]), kind);
  }
  return changed;
}

function withKeys(inputs: Properties, hidden: Hidden): Properties {
  return inputs.image === undefined ? inputs : { ...inputs, image: keyFiles(inputs.image, hidden, ["image"]) as Value };
}

/** The steps of the part that a path into a `fileOrder` belongs to: the definition, or an image made from packages. */
function orderedPart(steps: readonly Step[]): readonly Step[] | undefined {
  const at = steps.indexOf("fileOrder");
  return steps[0] === "image" && (at === 1 || (at > 1 && steps[at - 1] === "debian")) ? steps.slice(0, at) : undefined;
}
