import type { HealthCheckArgs } from "@pulumi/gcp/compute/healthCheck.js";
import type { InstanceTemplateArgs } from "@pulumi/gcp/compute/instanceTemplate.js";
import type { RegionInstanceGroupManagerArgs } from "@pulumi/gcp/compute/regionInstanceGroupManager.js";
import type { Input } from "@pulumi/pulumi/output.js";
import type { CloudFleetArgs } from "../../sdk/machine/args.ts";
import type { Transform } from "../../sdk/machine/transform.ts";
import type { InstanceShape } from "./instance-arguments.ts";
import type { MachineImage } from "./machine-image.ts";
import type { MachineImageArgs } from "./machine-image-args.ts";
import type { MachineSource } from "./machine-source.ts";
import type { RolloutGateArgs } from "./rollout-gate.ts";

/** Arguments of {@link Fleet}. One of `image`, `build` and `machineImage` says what its machines run. */
export interface FleetArgs extends CloudFleetArgs<MachineImage>, MachineSource, InstanceShape, Pick<RolloutGateArgs, "stallSeconds"> {
  /** The region. @default the region of the stack's provider @example "eu-central-1" */
  readonly region?: Input<string> | undefined;
  /** Zones to spread the machines over. @default three of the region @example ["europe-west3-a", "europe-west3-b"] */
  readonly zones?: Input<readonly Input<string>[]> | undefined;
  /** HTTP port of the health check. @default `healthPort` of `image`; without it, a running machine counts as healthy */
  readonly healthPort?: Input<number> | undefined;
  /** Path of the health check. @default "/healthz" */
  readonly healthPath?: Input<string> | undefined;
  /** Machines beyond `count` during a rollout: 0, or at least the number of zones. @default the number of zones */
  readonly maxSurge?: Input<number> | undefined;
  /** Machines that may be missing from `count` during a rollout: 0, or at least the number of zones. @default 0 */
  readonly maxUnavailable?: Input<number> | undefined;
  /** Changes the children's arguments. @default none */
  readonly transform?:
    | (MachineImageArgs["transform"] & {
        /** Changes the arguments of the instance template. @default none */
        readonly template?: Transform<InstanceTemplateArgs>;
        /** Changes the arguments of the health check. @default none */
        readonly healthCheck?: Transform<HealthCheckArgs>;
        /** Changes the arguments of the group of machines. @default none */
        readonly group?: Transform<RegionInstanceGroupManagerArgs>;
        /** Changes the arguments of the gate of the rollout. @default none */
        readonly gate?: Transform<RolloutGateArgs>;
      })
    | undefined;
}
