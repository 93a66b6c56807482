import type { Arch } from "../core/arch.ts";
import type { Definition } from "../definition/definition.ts";
import { fileListsOf } from "../definition/keyed-files.ts";
import type { Plan } from "../plan/plan.ts";
import { layoutsOf, sourceKey, sourcesOf } from "../resolve/image-source.ts";
import type { Lock } from "../resolve/lock.ts";
import { resolve, type ResolveSources } from "../resolve/resolve.ts";
import { definitionPlan } from "./definition-plan.ts";
import { debianSbom } from "./sbom.ts";
import { type SbomOption, withSbom } from "./with-sbom.ts";

/** Never called, because everything is in the lock. */
const NOWHERE: ResolveSources = {
  lockDebian: () => Promise.reject(new Error("not in the lock")),
  findImage: () => Promise.reject(new Error("not in the lock")),
  readAccounts: () => Promise.reject(new Error("not in the lock")),
  findLayout: () => Promise.reject(new Error("not in the lock")),
};

/**
 * The plan that a build of this definition will have, without network access. A preview shows it. Undefined unless every
 * image is made from packages in the lock, and every local file has been read.
 *
 * @throws INVALID_DEFINITION in the same cases as the build
 */
export async function planOffline(
  definition: Definition,
  options: { readonly arch: Arch; readonly lock: Lock; readonly sbom?: SbomOption | undefined },
): Promise<Plan | undefined> {
  const { arch, lock, sbom } = options;
  if (lock.arch !== arch || hasSources(definition)) return undefined;
  if (
    layoutsOf(definition).length > 0 ||
    !sourcesOf(definition).every(({ source }) => typeof source !== "string" && sourceKey(source) in lock.debian)
  )
    return undefined;
  const plan = definitionPlan(await resolve(definition, { arch, lock, sources: NOWHERE }), definition);
  return typeof sbom === "object" && sbom.path !== undefined ? withSbom(plan, sbom.path, debianSbom(plan)) : plan;
}

/** Whether some local file has not been read. */
function hasSources(definition: Definition): boolean {
  return fileListsOf(definition).some(({ files }) => files.some(({ source }) => source !== undefined));
}
