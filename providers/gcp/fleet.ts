import { HealthCheck, type HealthCheckArgs } from "@pulumi/gcp/compute/healthCheck.js";
import { InstanceTemplate, type InstanceTemplateArgs } from "@pulumi/gcp/compute/instanceTemplate.js";
import { RegionInstanceGroupManager, type RegionInstanceGroupManagerArgs } from "@pulumi/gcp/compute/regionInstanceGroupManager.js";
import { type Input, type Output, output } from "@pulumi/pulumi/output.js";
import { ComponentResource, type ComponentResourceOptions } from "@pulumi/pulumi/resource.js";
import { LinuxKitError } from "../../sdk/core/errors.ts";
import { timeLimit } from "../../sdk/machine/time-limit.ts";
import { type Transform, transformed } from "../../sdk/machine/transform.ts";
import { accessOf } from "./access-args.ts";
import { diskArchitecture, type InstanceShape, instanceShape } from "./instance-arguments.ts";
import { labelsOf } from "./labels.ts";
import type { MachineImage, MachineImageArgs } from "./machine-image.ts";
import { type MachineSource, machineImageOf } from "./machine-source.ts";
import { RolloutGate, type RolloutGateArgs } from "./rollout-gate.ts";

/** Arguments of {@link Fleet}. One of `image`, `build` and `machineImage` says what its machines run. */
export interface FleetArgs extends MachineSource, InstanceShape, Pick<RolloutGateArgs, "stallSeconds"> {
  /** How many machines. */
  readonly count: Input<number>;
  /** @default the region of the stack's provider */
  readonly region?: Input<string> | undefined;
  /** Zones over which they are spread. @default three of the region */
  readonly zones?: Input<readonly Input<string>[]> | undefined;
  /** The port that says by HTTP whether a machine is healthy. @default `healthPort` of `image`; without one a machine that runs counts as healthy */
  readonly healthPort?: Input<number> | undefined;
  /** What is asked for there. @default "/healthz" */
  readonly healthPath?: Input<string> | undefined;
  /** Seconds after its start in which a machine's health does not count. @default 60 */
  readonly healthCheckGracePeriod?: Input<number> | undefined;
  /** Machines beyond `count` that there may be meanwhile: none, or at least one for each zone. @default one for each zone */
  readonly maxSurge?: Input<number> | undefined;
  /** Machines of `count` that may be missing meanwhile: none, or at least one for each zone. @default 0 */
  readonly maxUnavailable?: Input<number> | undefined;
  /** Seconds that a rollout may take. @default 3600 */
  readonly timeoutSeconds?: number | undefined;
  /** Changes the children's arguments. */
  readonly transform?:
    | (MachineImageArgs["transform"] & {
        readonly template?: Transform<InstanceTemplateArgs>;
        readonly healthCheck?: Transform<HealthCheckArgs>;
        readonly group?: Transform<RegionInstanceGroupManagerArgs>;
        readonly gate?: Transform<RolloutGateArgs>;
      })
    | undefined;
}

/** Zones of a region that a group is spread over, where it names none. Source: Compute Engine, "Regional MIGs". */
const ZONES = 3;

/**
 * A regional managed instance group. Another image is another instance template, by which the group replaces its
 * instances batch by batch; the update waits for it, and where new ones do not become healthy it brings the old template
 * back and fails.
 */
export class Fleet extends ComponentResource {
  /** The managed instance group's name. */
  readonly groupName: Output<string>;
  /** What a load balancer's backend takes: the link of the group of instances. */
  readonly instanceGroup: Output<string>;
  /** The instance template that every machine is made by. */
  readonly version: Output<string>;
  /** The resources behind it. */
  readonly nodes: {
    readonly machineImage: MachineImage;
    readonly template: InstanceTemplate;
    readonly healthCheck: HealthCheck | undefined;
    readonly group: RegionInstanceGroupManager;
    readonly gate: RolloutGate;
  };

  constructor(name: string, args: FleetArgs, options?: ComponentResourceOptions) {
    super("linuxkit:index:GcpFleet", name, {}, options);
    if ("volumes" in args)
      throw new LinuxKitError(
        "UNSUPPORTED",
        `fleet "${name}": volumes: a fleet's machines come and go, and no disk stays with one of them: make a Machine for each disk, or keep what lasts in a service such as Filestore, Cloud SQL or Cloud Storage`,
        { what: "volumes of a fleet" },
      );
    const { transform, timeoutSeconds = 3600, stallSeconds } = args;
    const parent = { parent: this };
    const machineImage = machineImageOf(name, args, transform, this);
    // without a name of ours: a stack that goes back to a former shape makes it before the former one has gone
    const template = new InstanceTemplate(
      `${name}-template`,
      transformed(transform?.template, templateArguments(name, args, machineImage), `${name}-template`),
      parent,
    );
    const port = args.healthPort ?? args.image?.spec.healthPort;
    const healthCheck =
      port === undefined
        ? undefined
        : new HealthCheck(
            `${name}-health`,
            transformed(transform?.healthCheck, healthCheckArguments(port, args.healthPath), `${name}-health`),
            parent,
          );
    const group = new RegionInstanceGroupManager(
      `${name}-group`,
      transformed(transform?.group, groupArguments(name, args, template, healthCheck), `${name}-group`),
      parent,
    );
    const wanted = {
      fleet: name,
      project: group.project,
      region: group.region,
      group: group.name,
      template: template.selfLink,
      stallSeconds,
      ...accessOf(this, args),
    };
    const gate = new RolloutGate(`${name}-gate`, transformed(transform?.gate, wanted, `${name}-gate`), {
      ...parent,
      ...timeLimit(timeoutSeconds),
    });
    this.nodes = { machineImage, template, healthCheck, group, gate };
    this.groupName = group.name;
    this.instanceGroup = group.instanceGroup;
    this.version = template.name;
    this.registerOutputs({ groupName: this.groupName, instanceGroup: this.instanceGroup, version: this.version });
  }
}

function templateArguments(name: string, { tags, secureBootKeys, ...shape }: FleetArgs, image: MachineImage): InstanceTemplateArgs {
  return {
    ...instanceShape(name, shape, image, secureBootKeys !== undefined),
    disks: [{ boot: true, autoDelete: true, sourceImage: image.imageId, architecture: diskArchitecture(image.arch) }],
    labels: labelsOf(tags),
  };
}

function healthCheckArguments(port: Input<number>, requestPath: Input<string> = "/healthz"): HealthCheckArgs {
  return { httpHealthCheck: { port, requestPath }, checkIntervalSec: 5, timeoutSec: 5, healthyThreshold: 2, unhealthyThreshold: 3 };
}

function groupArguments(
  name: string,
  { count, region, zones, healthCheckGracePeriod = 60, maxSurge, maxUnavailable = 0 }: FleetArgs,
  { selfLinkUnique }: InstanceTemplate,
  healthCheck: HealthCheck | undefined,
): RegionInstanceGroupManagerArgs {
  const distributionPolicyZones = zones === undefined ? undefined : output(zones).apply((zones) => [...zones]);
  return {
    baseInstanceName: name,
    targetSize: count,
    // one template of one name could be another by now
    versions: [{ instanceTemplate: selfLinkUnique }],
    ...(region !== undefined && { region }),
    ...(distributionPolicyZones && { distributionPolicyZones }),
    updatePolicy: {
      type: "PROACTIVE",
      minimalAction: "REPLACE",
      mostDisruptiveAllowedAction: "REPLACE",
      replacementMethod: "SUBSTITUTE",
      maxSurgeFixed: maxSurge ?? distributionPolicyZones?.apply(({ length }) => length) ?? ZONES,
      maxUnavailableFixed: maxUnavailable,
    },
    ...(healthCheck && { autoHealingPolicies: { healthCheck: healthCheck.id, initialDelaySec: healthCheckGracePeriod } }),
    // the gate waits, and knows why it failed
    waitForInstances: false,
  };
}
