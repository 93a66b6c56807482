import type { Definition } from "../definition/definition.ts";
import { metadataText } from "../definition/metadata.ts";
import { expandReference } from "../oci/reference.ts";
import { createPlan } from "../plan/create-plan.ts";
import type { Plan } from "../plan/plan.ts";
import type { Resolved } from "../resolve/resolve.ts";

/**
 * The plan of a resolved definition: the same for a build and for the preview of it.
 *
 * @param written the definition before its local files were read, as files that are its metadata show it
 */
export function definitionPlan(resolved: Resolved, written: Definition): Plan {
  return createPlan(resolved, (kind) => metadataText(written, kind, expandReference));
}
