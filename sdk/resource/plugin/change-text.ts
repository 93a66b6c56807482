import { withChangedTexts } from "../../builder/changed-texts.ts";
import type { BlobStore } from "../../cache/blob-store.ts";
import { isDeferred, isPlain } from "../../core/deferred.ts";
import { canonicalJson } from "../../core/json.ts";
import { formatPath, type Step } from "../../core/property-path.ts";
import type { Definition } from "../../definition/definition.ts";
import { keyFiles, listFiles } from "../../definition/keyed-files.ts";
import type { Properties } from "../../plugin/value.ts";
import type { Lock } from "../../resolve/lock.ts";
import type { ImageBuildInputs } from "./image-build-inputs.ts";

/**
 * What a change of the definition means inside the OS, as text: a summary in the first line. It builds nothing. A value that is
 * not known yet counts as unchanged, and so do versions, which stay those of the lock.
 *
 * @param store has the texts of large files, as far as they are still there
 * @param isSecret whether an input is secret, by its path: then only that it changes is said
 * @param locks the versions before and after, if they may move @default they stay
 * @returns undefined if nothing changes
 */
export async function changeText(
  old: ImageBuildInputs,
  { image }: Properties,
  store: BlobStore,
  isSecret: (path: string) => boolean = () => false,
  locks: { readonly before?: Lock | undefined; readonly after?: Lock | undefined } = {},
): Promise<string | undefined> {
  if (old.image === undefined || !isPlain(image)) return undefined;
  const hidden = { is: (steps: readonly Step[]) => isSecret(formatPath(steps)) };
  const known = keyFiles(old.image, hidden, ["image"]);
  const before = listFiles(comparable(known, known, ["image"], isSecret)) as Definition;
  const after = listFiles(comparable(keyFiles(image, hidden, ["image"]), known, ["image"], isSecret)) as Definition;
  if (canonicalJson([before, locks.before]) === canonicalJson([after, locks.after])) return undefined;
  // loaded only now: most previews change nothing
  const [{ review }, { textLines }] = await Promise.all([import("../../review/review.ts"), import("../../review/render/text.ts")]);
  const [was, is] = await withChangedTexts(before, after, store);
  const found = review({ definition: was, lock: locks.before }, { definition: is, lock: locks.after }, old.arch);
  return found.changes.length > 0 ? textLines(found).join("\n") : undefined;
}

/** A copy in which the old value stands for what is not known yet, and a word for what is secret. */
function comparable(value: unknown, old: unknown, steps: readonly Step[], isSecret: (path: string) => boolean): unknown {
  if (isDeferred(value)) return old === undefined ? undefined : comparable(old, old, steps, isSecret);
  if (steps.length > 1 && isSecret(formatPath(steps))) return canonicalJson(value) === canonicalJson(old) ? "[secret]" : "[another secret]";
  const at = (name: Step): unknown => (typeof old === "object" && old !== null ? (old as Record<Step, unknown>)[name] : undefined);
  if (Array.isArray(value)) {
    return value.map((item, index) => comparable(item, at(index), [...steps, index], isSecret)).filter((item) => item !== undefined);
  }
  if (!isPlain(value)) return value;
  const members = Object.entries(value).map(([name, member]) => [name, comparable(member, at(name), [...steps, name], isSecret)]);
  return Object.fromEntries(members.filter(([, member]) => member !== undefined));
}
