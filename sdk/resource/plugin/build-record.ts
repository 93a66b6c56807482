import { formatPath, parsePath, type Step, valueAt } from "../../core/property-path.ts";
import type { SecureBootKey } from "../../disk/signer.ts";
import { secretTexts } from "../../plugin/secret-texts.ts";
import { isProperties, type Properties, secret, type Value } from "../../plugin/value.ts";
import type { ImageBuildInputs } from "./image-build-inputs.ts";
import type { ImageBuildOutputs } from "./image-build-outputs.ts";

/** What the cache remembers of a build: enough to build it again, if it was not signed. */
export interface BuildRecord {
  /** Without the key of Secure Boot, without `push`, and without a `cache` that is signed: they have keys too. */
  readonly inputs: Omit<ImageBuildInputs, "secureBoot" | "push"> & { readonly secureBoot?: Pick<SecureBootKey, "certificate"> };
  readonly outputs: ImageBuildOutputs;
  /** The paths of what was secret. @default it is not known */
  readonly secrets?: { readonly inputs: readonly string[]; readonly outputs: readonly string[] };
}

/**
 * The record of a build.
 *
 * @param before the record of another build of the same bytes: what was secret there stays so
 * @param isSecret whether an input was a secret; where it is not known, the record from before stays
 */
export function recordOf(
  { inputs, outputs }: { readonly inputs: ImageBuildInputs; readonly outputs: ImageBuildOutputs },
  before: BuildRecord | undefined,
  isSecret: ((path: string) => boolean) | undefined,
): BuildRecord {
  const kept = withoutKey(inputs);
  if (!isSecret) return before ?? { inputs: kept, outputs };
  if (before && !before.secrets) return { inputs: kept, outputs };
  const hidden = leavesOf(inputs).filter(isSecret);
  const texts = secretTexts();
  for (const path of hidden) texts.add(String(valueAt(inputs, parsePath(path))));
  const shown = leavesOf(outputs).filter((path) => texts.isIn(String(valueAt(outputs, parsePath(path)))));
  return {
    inputs: kept,
    outputs,
    secrets: { inputs: joined(hidden, before?.secrets?.inputs), outputs: joined(shown, before?.secrets?.outputs) },
  };
}

/** Inputs and outputs of a record, with what was secret marked. Where that is not known, the definition is a secret as a whole. */
export function markedRecord({ inputs, outputs, secrets = { inputs: ["image"], outputs: ["pushed"] } }: BuildRecord): {
  readonly inputs: Properties;
  readonly outputs: ImageBuildOutputs;
} {
  return {
    inputs: marked(inputs as unknown as Properties, secrets.inputs),
    outputs: marked(outputs as unknown as Properties, secrets.outputs) as unknown as ImageBuildOutputs,
  };
}

function marked(properties: Properties, secrets: readonly string[]): Properties {
  const paths = new Set(secrets);
  const mark = (value: Value, at: readonly Step[]): Value => {
    if (paths.has(formatPath(at))) return secret(value);
    if (Array.isArray(value)) return value.map((item: Value, index) => mark(item, [...at, index]));
    return isProperties(value) ? members(value, at) : value;
  };
  const members = (all: Properties, at: readonly Step[]): Properties =>
    Object.fromEntries(Object.entries(all).map(([name, member]) => [name, member === undefined ? member : mark(member, [...at, name])]));
  return members(properties, []);
}

function joined(...lists: readonly (readonly string[] | undefined)[]): string[] {
  return [...new Set(lists.flatMap((list) => list ?? []))].sort();
}

function withoutKey({ secureBoot, push: _, cache, ...inputs }: ImageBuildInputs): BuildRecord["inputs"] {
  // without the key, an unsigned cache cannot be trusted
  return {
    ...inputs,
    ...(cache && cache.sign === undefined && { cache }),
    ...(secureBoot && { secureBoot: { certificate: secureBoot.certificate } }),
  };
}

function leavesOf(value: unknown, at: readonly Step[] = []): string[] {
  if (typeof value !== "object" || value === null) return [formatPath(at)];
  return Object.entries(value).flatMap(([name, member]) => leavesOf(member, [...at, Array.isArray(value) ? Number(name) : name]));
}
