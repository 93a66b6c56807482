import type { Tags } from "../../sdk/machine/args.ts";
import { refused, whenKnown } from "../../sdk/machine/check-arguments.ts";

/** Source: Microsoft Learn, "Use tags to organize your Azure resources", limitations. */
const MOST = 50;
const KEY = /^[^<>%&\\?/]{1,512}$/;
const LONGEST = 256;

/** Tags that an uploaded image gets besides the program's. */
const OWN = 2;

/** @throws INVALID_DEFINITION for tags that Azure refuses */
export function checkTags(owner: string, tags: Tags | undefined): void {
  if (tags === undefined) return;
  whenKnown([tags], (tags) => {
    for (const [key, value] of Object.entries(tags)) {
      if (!KEY.test(key)) throw refused(owner, "tags", `the key ${JSON.stringify(key)}`, "at most 512 characters without < > % & \\ ? /");
      if (value.length > LONGEST) throw refused(owner, `tags.${key}`, `a value of ${value.length} characters`, `at most ${LONGEST}`);
    }
    const count = Object.keys(tags).length;
    if (count > MOST - OWN) throw refused(owner, "tags", `${count} tags`, `at most ${MOST - OWN}, because an image has ${OWN} more`);
  });
}
