/**
 * Plays `compute.RegionInstanceGroupManager` of `pulumi-resource-gcp`.
 *
 * Source: Terraform's google provider, google_compute_region_instance_group_manager.
 * Assumed: 100 polls in place of the provider's timeout of 15 minutes.
 */
import type { Properties } from "../../../sdk/plugin/value.ts";
import { type StandInType, Unfinished } from "../stand-in.ts";
import type { PulumiWorld } from "./pulumi-world.ts";
import type { Json } from "./schemas.ts";

/** Polls before the provider gives up, in place of its 15 minutes. */
const MAX_POLLS = 100;

/** `compute.RegionInstanceGroupManager` */
export function groupType(gcp: PulumiWorld): StandInType {
  const { compute, rollout } = gcp.server;
  const outputsOf = (path: string, inputs: Properties, name: string): Properties => {
    const { fingerprint, instanceGroup, selfLink, id, creationTimestamp } = compute.get(path);
    const { status } = rollout.status(compute.get(path), path);
    const [, project, , region] = path.split("/");
    return {
      ...inputs,
      name,
      project,
      region,
      fingerprint,
      instanceGroup,
      selfLink,
      instanceGroupManagerId: Number(id),
      creationTimestamp,
      statuses: [{ isStable: status.isStable, versionTargets: [status.versionTarget] }],
    };
  };
  const settled = (path: string, inputs: Properties, name: string): Properties => {
    const { waitForInstances, waitForInstancesStatus = "STABLE" } = inputs;
    if (waitForInstances !== true) return outputsOf(path, inputs, name);
    for (let poll = 0; poll < MAX_POLLS; poll++) {
      rollout.step(compute, path);
      const { isStable, versionTarget } = rollout.status(compute.get(path), path).status;
      if (isStable && (waitForInstancesStatus === "STABLE" || versionTarget.isReached)) return outputsOf(path, inputs, name);
    }
    throw new Unfinished(
      { id: path, outputs: outputsOf(path, inputs, name) },
      new Error("timeout while waiting for state to become 'created' (last state: 'creating', timeout: 15m0s)"),
    );
  };
  return {
    token: "gcp:compute/regionInstanceGroupManager:RegionInstanceGroupManager",
    replaces: ["name", "project", "region", "baseInstanceName", "description", "distributionPolicyZones"],
    computed: ["project", "region", "fingerprint", "instanceGroup", "selfLink", "instanceGroupManagerId", "creationTimestamp", "statuses"],
    recomputed: ["fingerprint", "statuses"],
    async create(given, inputs) {
      const name = gcp.nameOf(given, inputs);
      const project = gcp.project(inputs);
      const region = String(inputs.region ?? gcp.region);
      const zones = inputs.distributionPolicyZones as string[] | undefined;
      const body = {
        name,
        description: inputs.description,
        baseInstanceName: inputs.baseInstanceName,
        ...groupBody(inputs),
        distributionPolicy: (zones || inputs.distributionPolicyTargetShape) && {
          targetShape: inputs.distributionPolicyTargetShape,
          zones: zones?.map((zone) => ({ zone: `${project}/zones/${zone}` })),
        },
      };
      const { path } = await gcp.insert(`${project}/regions/${region}`, "instanceGroupManagers", body);
      return { id: path, outputs: settled(path, inputs, name) };
    },
    async update(id, inputs, old) {
      const { targetSize, ...body } = groupBody(inputs);
      await gcp.change(id, "patch", body);
      if (targetSize !== compute.get(id).targetSize) await gcp.change(id, "resize", {}, { size: String(targetSize) });
      return settled(id, inputs, String(old.name));
    },
    exists: (id) => gcp.exists(id),
    remove: (id) => gcp.remove(id),
  };
}

/** The part of the body that can change in place. */
function groupBody({
  versions,
  targetSize = 0,
  updatePolicy,
  autoHealingPolicies,
  listManagedInstancesResults,
  instanceLifecyclePolicy,
  targetPools,
  standbyPolicy,
}: Properties): Json {
  const healing = autoHealingPolicies as Json;
  const lifecycle = instanceLifecyclePolicy as Json;
  return {
    versions,
    targetSize,
    targetPools,
    standbyPolicy,
    listManagedInstancesResults,
    updatePolicy: updatePolicy && policyBody(updatePolicy as Json),
    autoHealingPolicies: healing && [{ healthCheck: healing.healthCheck, initialDelaySec: healing.initialDelaySec }],
    instanceLifecyclePolicy: lifecycle && {
      forceUpdateOnRepair: lifecycle.forceUpdateOnRepair,
      defaultActionOnFailure: lifecycle.defaultActionOnFailure,
      onFailedHealthCheck: lifecycle.onFailedHealthCheck,
    },
  };
}

function policyBody({ maxSurgeFixed, maxSurgePercent, maxUnavailableFixed, maxUnavailablePercent, ...policy }: Json): Json {
  const limit = (fixed: Json, percent: Json) => (percent !== undefined ? { percent } : fixed !== undefined ? { fixed } : undefined);
  return { ...policy, maxSurge: limit(maxSurgeFixed, maxSurgePercent), maxUnavailable: limit(maxUnavailableFixed, maxUnavailablePercent) };
}
