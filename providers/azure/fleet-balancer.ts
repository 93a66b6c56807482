import { LoadBalancer, type LoadBalancerArgs } from "@pulumi/azure-native/network/loadBalancer.js";
import { getProject, getStack } from "@pulumi/pulumi/metadata.js";
import { interpolate, type Input, type Output, output } from "@pulumi/pulumi/output.js";
import type { ComponentResource } from "@pulumi/pulumi/resource.js";
import { LinuxKitError } from "../../sdk/core/errors.ts";
import { transformed } from "../../sdk/machine/transform.ts";
import type { FleetArgs } from "./fleet-args.ts";
import { tagsOf } from "./machine-source.ts";

/** Who judges a fleet's machines, and leads connections to them. */
export interface Balancing {
  readonly backendPoolIds: Output<readonly string[]>;
  readonly probeId: Input<string>;
  /** Where it was made here. */
  readonly loadBalancer?: LoadBalancer;
}

/**
 * The load balancer that was named, else an internal one of the fleet's own: a scale set rolls by what a probe says of
 * its machines, and none other than a load balancer's works without an agent in the guest.
 *
 * @throws INVALID_DEFINITION where only one of pool and probe is named, or nothing says on which port health is answered
 */
export function fleetBalancer(name: string, args: FleetArgs, subscriptionId: Output<string>, parent: ComponentResource): Balancing {
  const { backendPoolIds, healthProbeId, healthPort = args.image?.spec.healthPort } = args;
  if ((backendPoolIds === undefined) !== (healthProbeId === undefined)) {
    throw new LinuxKitError(
      "INVALID_DEFINITION",
      `${name}: ${backendPoolIds === undefined ? "healthProbeId: got it without backendPoolIds" : "backendPoolIds: got them without healthProbeId"}, wanted both or none`,
      { path: "healthProbeId" },
    );
  }
  if (backendPoolIds !== undefined && healthProbeId !== undefined)
    return { backendPoolIds: output(backendPoolIds).apply((ids) => [...ids]), probeId: healthProbeId };
  if (healthPort === undefined)
    throw new LinuxKitError(
      "INVALID_DEFINITION",
      `${name}: healthPort: got none, wanted the port that says whether a machine is healthy: set it here or in the image`,
      { path: "healthPort" },
    );

  // a part of a load balancer is named by a path that holds its name
  const loadBalancerName = `${getProject()}-${getStack()}-${name}`.replace(/[^\w.-]/g, "-").slice(-76);
  const id = interpolate`/subscriptions/${subscriptionId}/resourceGroups/${args.resourceGroupName}/providers/Microsoft.Network/loadBalancers/${loadBalancerName}`;
  const loadBalancer = new LoadBalancer(
    `${name}-balancer`,
    transformed(args.transform?.loadBalancer, { loadBalancerName, ...balancerArguments(args, healthPort, id) }, `${name}-balancer`),
    { parent },
  );
  const part = (kind: string): Output<string> => interpolate`${loadBalancer.id}/${kind}`;
  return { backendPoolIds: part("backendAddressPools/machines").apply((pool) => [pool]), probeId: part("probes/health"), loadBalancer };
}

function balancerArguments(
  { resourceGroupName, location, subnetId, tags, healthPath = "/healthz", ports = [] }: FleetArgs,
  healthPort: Input<number>,
  id: Output<string>,
): LoadBalancerArgs {
  const part = (kind: string) => ({ id: interpolate`${id}/${kind}` });
  const shared = {
    frontendIPConfiguration: part("frontendIPConfigurations/inside"),
    backendAddressPool: part("backendAddressPools/machines"),
    probe: part("probes/health"),
    protocol: "Tcp",
  };
  return {
    resourceGroupName,
    ...(location !== undefined && { location }),
    tags: tagsOf(tags),
    sku: { name: "Standard" },
    frontendIPConfigurations: [{ name: "inside", subnet: { id: subnetId } }],
    backendAddressPools: [{ name: "machines" }],
    probes: [{ name: "health", protocol: "Http", port: healthPort, requestPath: healthPath, intervalInSeconds: 5, probeThreshold: 2 }],
    // a probe that no rule uses is not asked
    loadBalancingRules: output(healthPort).apply((healthPort) =>
      [...new Set([healthPort, ...ports])].map((port) => ({ ...shared, name: `tcp-${port}`, frontendPort: port, backendPort: port })),
    ),
  };
}
