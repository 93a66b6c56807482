/**
 * Plays instance templates, global and regional. They never change.
 *
 * Source: Compute Engine API, instanceTemplates, regionInstanceTemplates.
 * Assumed: the words of refusals.
 */
import type { Compute, Kind } from "./compute.ts";
import type { GroupRollout } from "./group-rollout.ts";
import { checkMachine } from "./machine-rules.ts";
import { inUse, invalid } from "./refusal.ts";
import type { Json } from "./schemas.ts";

/** The collection of templates. */
export function templateKind(rollout: GroupRollout): Kind {
  return {
    collection: "instanceTemplates",
    kind: "instanceTemplate",
    scopes: ["global", "regions"],
    schema: "InstanceTemplate",
    insert(world, body, { project }) {
      const { properties } = body;
      if (properties === undefined) throw invalid("resource.properties", "", "Required.");
      if (/\//.test(properties.machineType ?? ""))
        throw invalid(
          "resource.properties.machineType",
          properties.machineType,
          "A template takes the name of a machine type, not its URL.",
        );
      checkMachine(world, project, properties, "resource.properties");
      return { made: {} };
    },
    remove(world, path) {
      const user = userOf(world, rollout, path);
      if (user) throw inUse("instance_template", path, user);
    },
  };
}

/** A group that uses a template for its wanted or existing machines. */
function userOf(world: Compute, rollout: GroupRollout, template: string): string | undefined {
  return [...rollout.groups].find(
    ([path, machines]) =>
      machines.some((machine) => machine.template === template) ||
      world.get(path).versions.some((version: Json) => version.instanceTemplate.endsWith(`/${template}`)),
  )?.[0];
}
