import type { VirtualMachineScaleSetArgs } from "@pulumi/azure-native/compute/virtualMachineScaleSet.js";
import type { LoadBalancerArgs } from "@pulumi/azure-native/network/loadBalancer.js";
import type { Input } from "@pulumi/pulumi/output.js";
import type { Transform } from "../../sdk/machine/transform.ts";
import type { InstanceShape } from "./instance-arguments.ts";
import type { MachineImageArgs } from "./machine-image-args.ts";
import type { MachineSource } from "./machine-source.ts";
import type { RolloutGateArgs } from "./rollout-gate.ts";

/** Arguments of {@link Fleet}. One of `image`, `build` and `machineImage` says what its machines run. */
export interface FleetArgs extends MachineSource, InstanceShape {
  /** How many machines. */
  readonly count: Input<number>;
  /** Availability zones over which they are spread. @default none */
  readonly zones?: Input<readonly Input<string>[]> | undefined;
  /** The port that says by HTTP whether a machine is healthy. @default `healthPort` of the image */
  readonly healthPort?: Input<number> | undefined;
  /** What is asked for there. @default "/healthz" */
  readonly healthPath?: Input<string> | undefined;
  /** Further TCP ports that the load balancer of the fleet's own leads to its machines. @default none */
  readonly ports?: readonly number[] | undefined;
  /** Backend pools of a load balancer of yours, which then decides by `healthProbeId`. @default an internal load balancer of the fleet's own */
  readonly backendPoolIds?: Input<readonly Input<string>[]> | undefined;
  /** The probe of that load balancer; one of its rules must use it. */
  readonly healthProbeId?: Input<string> | undefined;
  /** Percent of the fleet that stays in service while it is rolled. @default 90 */
  readonly minHealthyPercentage?: Input<number> | undefined;
  /** Percent of the fleet that there may be meanwhile: above 100 new machines come before old ones go. @default 100 */
  readonly maxHealthyPercentage?: Input<number> | undefined;
  /** Seconds between two batches. @default 60 */
  readonly instanceWarmup?: Input<number> | undefined;
  /** Seconds after its start in which an unhealthy machine is not replaced, at least 600. @default 600 */
  readonly healthCheckGracePeriod?: Input<number> | undefined;
  /** Seconds that a rollout may take. @default 3600 */
  readonly timeoutSeconds?: number | undefined;
  /** Changes the children's arguments. */
  readonly transform?:
    | (MachineImageArgs["transform"] & {
        readonly loadBalancer?: Transform<LoadBalancerArgs>;
        readonly scaleSet?: Transform<VirtualMachineScaleSetArgs>;
        readonly gate?: Transform<RolloutGateArgs>;
      })
    | undefined;
}
