import type { LoadBalancer, LoadBalancerArgs } from "@pulumi/azure-native/network/loadBalancer.js";
import { getProject, getStack } from "@pulumi/pulumi/metadata.js";
import { interpolate, type Input, type Output, output } from "@pulumi/pulumi/output.js";
import type { ComponentResource } from "@pulumi/pulumi/resource.js";
import { keepNames } from "../../sdk/machine/keep-names.ts";
import { transformed } from "../../sdk/machine/transform.ts";
import type { FleetArgs } from "./fleet-args.ts";
import { healthPortOf } from "./fleet-checks.ts";
import { tagsOf } from "./machine-source.ts";
import { LOAD_BALANCER, nameOf } from "./names.ts";
import { azure } from "./pulumi-azure.ts";

/** What probes a fleet's machines and forwards connections to them. */
export interface Balancing {
  readonly backendPoolIds: Output<readonly string[]>;
  readonly probeId: Input<string>;
  /** Undefined for a load balancer of the program's own. */
  readonly loadBalancer?: LoadBalancer;
}

/**
 * The program's load balancer, else a new internal one. A scale set rolls by a health probe, and only a load balancer's
 * probe works without an agent in the guest.
 *
 * @param args as `checkFleet` accepts them: pool and probe, or a port
 */
export function fleetBalancer(name: string, args: FleetArgs, parent: ComponentResource): Balancing {
  const { backendPoolIds, healthProbeId } = args;
  if (backendPoolIds !== undefined && healthProbeId !== undefined)
    return { backendPoolIds: output(backendPoolIds).apply((ids) => [...ids]), probeId: healthProbeId };
  const loadBalancerName = nameOf(`${getProject()}-${getStack()}-${name}`, LOAD_BALANCER);
  const wanted = { loadBalancerName, ...balancerArguments(args, healthPortOf(args) as Input<number>) };
  const balancer = transformed(args.transform?.loadBalancer, wanted, `${name}-balancer`);
  const loadBalancer = new azure.LoadBalancer(`${name}-balancer`, balancer, { parent, ...keepNames(balancer, { loadBalancerName }) });
  const part = (kind: string): Output<string> => interpolate`${loadBalancer.id}/${kind}`;
  return { backendPoolIds: part("backendAddressPools/machines").apply((pool) => [pool]), probeId: part("probes/health"), loadBalancer };
}

function balancerArguments(
  { resourceGroupName, location, subnetId, tags, healthPath = "/healthz", ports = [] }: FleetArgs,
  healthPort: Input<number>,
): LoadBalancerArgs {
  // parts refer to each other; the provider puts in the balancer's id. Source: pulumi-azure-native, pull request 2478
  const part = (kind: string) => ({ id: `$self/${kind}` });
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
    // Azure runs only probes that a rule uses
    loadBalancingRules: output(healthPort).apply((healthPort) =>
      [...new Set([healthPort, ...ports])].map((port) => ({ ...shared, name: `tcp-${port}`, frontendPort: port, backendPort: port })),
    ),
  };
}
