import type { HealthCheck, HealthCheckArgs } from "@pulumi/gcp/compute/healthCheck.js";
import type { InstanceTemplate, InstanceTemplateArgs } from "@pulumi/gcp/compute/instanceTemplate.js";
import type { RegionInstanceGroupManager, RegionInstanceGroupManagerArgs } from "@pulumi/gcp/compute/regionInstanceGroupManager.js";
import { all, type Input, type Output, output } from "@pulumi/pulumi/output.js";
import { ComponentResource, type ComponentResourceOptions } from "@pulumi/pulumi/resource.js";
import type { Digest } from "../../sdk/core/digest.ts";
import { keepNames } from "../../sdk/machine/keep-names.ts";
import { timeLimit } from "../../sdk/machine/time-limit.ts";
import { transformed } from "../../sdk/machine/transform.ts";
import { refuseVolumes } from "../../sdk/machine/volumes.ts";
import { accessOf } from "./access-args.ts";
import { bootDiskOf } from "./disks.ts";
import type { FleetArgs } from "./fleet-args.ts";
import { checkFleet, ZONES } from "./fleet-checks.ts";
import { instanceShape } from "./instance-arguments.ts";
import { labelsOf } from "./labels.ts";
import type { MachineImage } from "./machine-image.ts";
import { machineImageFor } from "./machine-source.ts";
import { RolloutGate } from "./rollout-gate.ts";
import { gcp } from "./pulumi-gcp.ts";

/**
 * A regional managed instance group. Another image becomes another instance template, from which the group replaces its
 * instances batch by batch. The update waits for it; if new instances do not become healthy, it restores the old template
 * and fails.
 */
export class Fleet extends ComponentResource {
  /** The managed instance group's name. */
  readonly groupName: Output<string>;
  /** Link of the instance group, for a load balancer's backend. */
  readonly instanceGroup: Output<string>;
  /** The image that every machine runs, known when the rollout is done. */
  readonly digest: Output<Digest>;
  /** Name of the instance template that the group makes its machines from. */
  readonly instanceTemplate: Output<string>;
  /** The resources behind it. */
  readonly nodes: {
    /** What the machines start from. */
    readonly machineImage: MachineImage;
    /** The instance template. */
    readonly template: InstanceTemplate;
    /** The health check; undefined without one. */
    readonly healthCheck: HealthCheck | undefined;
    /** The group of machines. */
    readonly group: RegionInstanceGroupManager;
    /** What holds the update until the machines are healthy. */
    readonly gate: RolloutGate;
  };

  constructor(name: string, args: FleetArgs, options?: ComponentResourceOptions) {
    super("linuxkit:index:GcpFleet", name, {}, options);
    refuseVolumes(name, args, "Filestore, Cloud SQL or Cloud Storage");
    checkFleet(name, args);
    const { transform, timeoutSeconds = 3600, stallSeconds } = args;
    const parent = { parent: this };
    const machineImage = machineImageFor(`fleet "${name}"`, name, args, transform, this);
    // auto-named: on a revert, the new template is created before the old one is deleted
    const template = new gcp.InstanceTemplate(
      `${name}-template`,
      transformed(transform?.template, templateArguments(name, args, machineImage), `${name}-template`),
      parent,
    );
    const port = args.healthPort ?? args.image?.spec.healthPort;
    const healthCheck =
      port === undefined
        ? undefined
        : new gcp.HealthCheck(
            `${name}-health`,
            transformed(transform?.healthCheck, healthCheckArguments(port, args.healthPath), `${name}-health`),
            parent,
          );
    const groupArgs = transformed(transform?.group, groupArguments(name, args, template, healthCheck), `${name}-group`);
    const group = new gcp.RegionInstanceGroupManager(`${name}-group`, groupArgs, {
      ...parent,
      ...keepNames(groupArgs, { baseInstanceName: name }),
    });
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
    this.digest = all([machineImage.digest, gate.rollout]).apply(([digest]) => digest);
    this.instanceTemplate = template.name;
    this.registerOutputs({
      groupName: this.groupName,
      instanceGroup: this.instanceGroup,
      digest: this.digest,
      instanceTemplate: this.instanceTemplate,
    });
  }
}

function templateArguments(name: string, { tags, secureBootKeys, ...shape }: FleetArgs, image: MachineImage): InstanceTemplateArgs {
  const { type, size } = bootDiskOf(shape, image);
  return {
    ...instanceShape(name, shape, image, secureBootKeys !== undefined),
    disks: [{ boot: true, autoDelete: true, sourceImage: image.imageId, diskType: type, diskSizeGb: size }],
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
    // the unique link: a template may have been recreated under the same name
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
    // the gate waits instead, and reports why a rollout failed
    waitForInstances: false,
  };
}
