/**
 * Plays the requests to regional managed instance groups. group-rollout.ts plays what their machines then do.
 *
 * Source: Compute Engine API, regionInstanceGroupManagers.
 * Source: Compute Engine, "Automatically apply VM configuration updates in a MIG".
 * Assumed: the words of most refusals.
 */
import { type Compute, type Kind, type ResourceScope, pathOf } from "./compute.ts";
import type { GroupRollout } from "./group-rollout.ts";
import { GoogleRefusal, invalid } from "./refusal.ts";
import { checkName, fingerprintOf } from "./rules.ts";
import type { Json } from "./schemas.ts";

/** The collection of groups. {@link GroupRollout} runs their machines. */
export function groupManagerKind(rollout: GroupRollout): Kind {
  return {
    collection: "instanceGroupManagers",
    kind: "instanceGroupManager",
    scopes: ["regions"],
    schema: "InstanceGroupManager",
    insert(world, body, at) {
      const made = completed(world, body, at);
      if (body.targetSize === undefined) throw invalid("resource.targetSize", "", "Required.");
      checkName(made.baseInstanceName, "resource.baseInstanceName");
      if (made.baseInstanceName.length > 58)
        throw invalid("resource.baseInstanceName", made.baseInstanceName, "Must be at most 58 characters.");
      checkGroup({ ...body, ...made });
      // the group exists once the request is answered; its machines start later
      rollout.begin(at.path);
      return {
        made: { ...made, fingerprint: fingerprintOf([body, made]), instanceGroup: world.url(`${at.scope}/instanceGroups/${body.name}`) },
      };
    },
    remove: (world, path) => rollout.end(world, path),
    verbs: {
      resize: {
        schema: "Nothing",
        run(_, group, __, query) {
          const size = Number(query.get("size") ?? Number.NaN);
          if (!Number.isInteger(size) || size < 0) throw invalid("size", query.get("size"), "Must be a whole number and not negative.");
          group.targetSize = size;
        },
      },
      patch: {
        schema: "InstanceGroupManager",
        run(world, group, body) {
          if (body.fingerprint !== undefined && body.fingerprint !== group.fingerprint)
            throw new GoogleRefusal(412, "conditionNotMet", "Invalid fingerprint.");
          const path = pathOf("", group.selfLink);
          const at = { path, project: path.split("/").slice(0, 2).join("/"), scope: path.split("/").slice(0, 4).join("/") };
          if (body.name !== undefined && body.name !== group.name)
            throw invalid("resource.name", body.name, "The field cannot be changed.");
          const { versions, instanceTemplate, ...merged } = {
            ...group,
            ...body,
            updatePolicy: { ...group.updatePolicy, ...body.updatePolicy },
          };
          const asked =
            body.versions === undefined && body.instanceTemplate === undefined
              ? { versions }
              : { ...(body.versions && { versions }), ...(body.instanceTemplate && { instanceTemplate }) };
          const made = completed(world, { ...merged, ...asked }, at);
          checkGroup({ ...merged, ...made });
          Object.assign(group, merged, made, { fingerprint: fingerprintOf([merged, made]) });
        },
      },
    },
  };
}

/** Adds what the API adds: both forms of the template, the defaults of the policy, the zones. */
function completed(world: Compute, body: Json, { project, scope }: ResourceScope): Json {
  const region = scope.split("/").at(-1) as string;
  const asked = body.versions ?? (body.instanceTemplate === undefined ? [] : [{ instanceTemplate: body.instanceTemplate }]);
  if (asked.length === 0) throw invalid("resource.instanceTemplate", "", "An instance template must be specified.");
  if (
    body.versions &&
    body.instanceTemplate &&
    !body.versions.some(({ instanceTemplate }: Json) => pathOf(project, instanceTemplate) === pathOf(project, body.instanceTemplate))
  )
    throw invalid("resource.versions", "", "instanceTemplate and versions contradict each other.");
  const versions = asked.map((version: Json, index: number) => ({
    ...version,
    instanceTemplate: world.url(templateOf(world, project, region, version.instanceTemplate, index)),
  }));
  const zones =
    body.distributionPolicy?.zones ??
    (world.regions[region] ?? []).slice(0, 3).map((zone) => ({ zone: world.url(`${project}/zones/${zone}`) }));
  const policy = {
    type: "OPPORTUNISTIC",
    minimalAction: "REPLACE",
    replacementMethod: "SUBSTITUTE",
    instanceRedistributionType: "PROACTIVE",
    maxSurge: { fixed: zones.length },
    maxUnavailable: { fixed: zones.length },
    ...body.updatePolicy,
  };
  const autoHealingPolicies = body.autoHealingPolicies?.map((healing: Json) => ({
    ...healing,
    ...(healing.healthCheck && {
      healthCheck: world.url(world.resolve(project, healing.healthCheck, "resource.autoHealingPolicies[0].healthCheck").path),
    }),
  }));
  return {
    ...(autoHealingPolicies && { autoHealingPolicies }),
    baseInstanceName: body.baseInstanceName ?? body.name,
    versions,
    instanceTemplate: versions.length === 1 ? versions[0].instanceTemplate : undefined,
    updatePolicy: policy,
    distributionPolicy: { targetShape: "EVEN", ...body.distributionPolicy, zones },
    listManagedInstancesResults: body.listManagedInstancesResults ?? "PAGELESS",
  };
}

/** Path of a global template or one in this region. */
function templateOf(world: Compute, project: string, region: string, reference: Json, index: number): string {
  const { path } = world.resolve(project, reference, `resource.versions[${index}].instanceTemplate`);
  const [, , level, place] = path.split("/");
  if (path.split("/").at(-2) !== "instanceTemplates" || (level === "regions" && place !== region))
    throw invalid(`resource.versions[${index}].instanceTemplate`, reference, `The template must be global or in the region ${region}.`);
  return path;
}

const DISRUPTION = ["NONE", "REFRESH", "RESTART", "REPLACE"];

function checkGroup({ versions, updatePolicy, distributionPolicy, autoHealingPolicies = [], targetSize, statefulPolicy }: Json): void {
  if (!Number.isInteger(targetSize) || targetSize < 0)
    throw invalid("resource.targetSize", targetSize, "Must be a whole number and not negative.");
  if (versions.length > 2) throw invalid("resource.versions", "", "At most two versions.");
  if (versions.filter((version: Json) => version.targetSize === undefined).length !== 1)
    throw invalid("resource.versions", "", "Exactly one version must have no target size.");
  const {
    maxSurge,
    maxUnavailable,
    minimalAction,
    mostDisruptiveAllowedAction = "REPLACE",
    replacementMethod,
    instanceRedistributionType,
    minReadySec = 0,
  } = updatePolicy;
  const zones = distributionPolicy.zones.length;
  for (const [name, { fixed, percent }] of [
    ["maxSurge", maxSurge],
    ["maxUnavailable", maxUnavailable],
  ]) {
    if ((fixed === undefined) === (percent === undefined))
      throw invalid(`resource.updatePolicy.${name}`, "", "Exactly one of fixed and percent must be specified.");
    if (fixed !== undefined && fixed !== 0 && fixed < zones)
      throw invalid(
        `resource.updatePolicy.${name}.fixed`,
        String(fixed),
        `Fixed updatePolicy.${name} for regional managed instance group has to be either 0 or at least equal to the number of zones.`,
      );
    if (percent > 0 && targetSize < 10)
      throw invalid(
        `resource.updatePolicy.${name}.percent`,
        String(percent),
        `Percent updatePolicy.${name} for regional managed instance group can only be set for groups of at least 10 instances.`,
      );
  }
  const none = ({ fixed, percent }: Json) => (fixed ?? percent) === 0;
  if (none(maxSurge) && none(maxUnavailable)) throw invalid("resource.updatePolicy", "", "maxSurge and maxUnavailable must not both be 0.");
  if (replacementMethod === "RECREATE" && !none(maxSurge))
    throw invalid("resource.updatePolicy.maxSurge", "", "maxSurge must be 0 when replacementMethod is RECREATE.");
  if (DISRUPTION.indexOf(mostDisruptiveAllowedAction) < DISRUPTION.indexOf(minimalAction))
    throw invalid(
      "resource.updatePolicy.mostDisruptiveAllowedAction",
      mostDisruptiveAllowedAction,
      "Must not be less disruptive than minimalAction.",
    );
  if (minReadySec < 0 || minReadySec > 3600) throw invalid("resource.updatePolicy.minReadySec", minReadySec, "Must be between 0 and 3600.");
  if (statefulPolicy !== undefined && instanceRedistributionType !== "NONE")
    throw invalid(
      "resource.updatePolicy.instanceRedistributionType",
      instanceRedistributionType,
      "A stateful group must not be redistributed.",
    );
  if (autoHealingPolicies.length > 1) throw invalid("resource.autoHealingPolicies", "", "At most one policy.");
  for (const { initialDelaySec = 0 } of autoHealingPolicies)
    if (initialDelaySec < 0 || initialDelaySec > 3600)
      throw invalid("resource.autoHealingPolicies[0].initialDelaySec", initialDelaySec, "Must be between 0 and 3600.");
}
