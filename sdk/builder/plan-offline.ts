import type { Arch } from "../core/arch.ts";
import type { Definition } from "../definition/definition.ts";
import type { Plan } from "../plan/plan.ts";
import { layoutsOf, sourceKey, sourcesOf } from "../resolve/image-source.ts";
import type { Lock } from "../resolve/lock.ts";
import { resolve, type ResolveSources } from "../resolve/resolve.ts";
import { definitionPlan } from "./definition-plan.ts";
import { debianSbom } from "./sbom.ts";
import { type SbomOption, withSbom } from "./with-sbom.ts";

/** Is never asked: everything is in the lock. */
const NOWHERE: ResolveSources = {
  lockDebian: () => Promise.reject(new Error("not in the lock")),
  findImage: () => Promise.reject(new Error("not in the lock")),
  findLayout: () => Promise.reject(new Error("not in the lock")),
};

/**
 * The plan that a build of this definition will have, where that is seen without asking anybody: every image is made
 * from packages that the lock holds, and no file is still to be read. Undefined where it is not. A preview shows it.
 *
 * @throws INVALID_DEFINITION as the build would
 */
export async function planOffline(
  definition: Definition,
  options: { readonly arch: Arch; readonly lock: Lock; readonly sbom?: SbomOption | undefined },
): Promise<Plan | undefined> {
  const { arch, lock, sbom } = options;
  if (lock.arch !== arch || definition.files.some(({ source }) => source !== undefined)) return undefined;
  if (
    layoutsOf(definition).length > 0 ||
    !sourcesOf(definition).every(({ source }) => typeof source !== "string" && sourceKey(source) in lock.debian)
  )
    return undefined;
  const plan = definitionPlan(await resolve(definition, { arch, lock, sources: NOWHERE }), definition);
  return typeof sbom === "object" ? withSbom(plan, sbom.path, debianSbom(plan)) : plan;
}
