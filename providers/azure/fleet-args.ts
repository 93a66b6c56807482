import type { VirtualMachineScaleSetArgs } from "@pulumi/azure-native/compute/virtualMachineScaleSet.js";
import type { LoadBalancerArgs } from "@pulumi/azure-native/network/loadBalancer.js";
import type { Input } from "@pulumi/pulumi/output.js";
import type { CloudFleetArgs } from "../../sdk/machine/args.ts";
import type { Transform } from "../../sdk/machine/transform.ts";
import type { InstanceShape } from "./instance-arguments.ts";
import type { MachineImage } from "./machine-image.ts";
import type { MachineImageArgs } from "./machine-image-args.ts";
import type { MachineSource } from "./machine-source.ts";
import type { RolloutGateArgs } from "./rollout-gate.ts";

/** Arguments of {@link Fleet}. One of `image`, `build` and `machineImage` says what its machines run. */
export interface FleetArgs extends CloudFleetArgs<MachineImage>, MachineSource, InstanceShape {
  /** Availability zones to spread the machines over. @default none @example ["1", "2"] */
  readonly zones?: Input<readonly Input<string>[]> | undefined;
  /** HTTP port of the health probe. @default `healthPort` of the image */
  readonly healthPort?: Input<number> | undefined;
  /** Path of the health probe. @default "/healthz" */
  readonly healthPath?: Input<string> | undefined;
  /** Further TCP ports that the fleet's own load balancer forwards to its machines. @default none @example [80, 443] */
  readonly ports?: readonly number[] | undefined;
  /** Ids of backend pools of your own load balancer, whose `healthProbeId` then decides health. @default a new internal load balancer */
  readonly backendPoolIds?: Input<readonly Input<string>[]> | undefined;
  /**
   * Id of that load balancer's probe; one of its rules must use it.
   * @default none
   * @example "/subscriptions/…/loadBalancers/web/probes/health"
   */
  readonly healthProbeId?: Input<string> | undefined;
  /** Percent of the fleet that stays in service during a rollout. @default 90 @example 90 */
  readonly minHealthyPercentage?: Input<number> | undefined;
  /** Percent of the fleet that may exist during a rollout; above 100, new machines start before old ones stop. @default 100 @example 120 */
  readonly maxHealthyPercentage?: Input<number> | undefined;
  /** Seconds between two batches. @default 60 @example 120 */
  readonly instanceWarmup?: Input<number> | undefined;
  /** Seconds after its start during which an unhealthy machine is not replaced, at least 600. @default 600 @example 300 */
  readonly healthCheckGracePeriod?: Input<number> | undefined;
  /** Changes the children's arguments. @default none */
  readonly transform?:
    | (MachineImageArgs["transform"] & {
        /** Changes the arguments of the load balancer. @default none */
        readonly loadBalancer?: Transform<LoadBalancerArgs>;
        /** Changes the arguments of the scale set. @default none */
        readonly scaleSet?: Transform<VirtualMachineScaleSetArgs>;
        /** Changes the arguments of the gate of the rollout. @default none */
        readonly gate?: Transform<RolloutGateArgs>;
      })
    | undefined;
}
