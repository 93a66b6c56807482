import type { Definition } from "../definition/definition.ts";
import { metadataText } from "../definition/metadata.ts";
import { expandReference } from "../oci/reference.ts";
import { createPlan, type PlanOptions } from "../plan/create-plan.ts";
import type { Plan } from "../plan/plan.ts";
import type { Resolved } from "../resolve/resolve.ts";

/**
 * The plan of a resolved definition. A build and its preview have the same plan.
 *
 * @param written the definition before its local files were read; files with `metadata` contain it in this form
 */
export function definitionPlan(resolved: Resolved, written: Definition, options?: PlanOptions): Plan {
  return createPlan(resolved, (kind) => metadataText(written, kind, expandReference), options);
}
