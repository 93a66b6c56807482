import type { VirtualMachineScaleSet } from "@pulumi/azure-native/compute/virtualMachineScaleSet.js";
import type { LoadBalancer } from "@pulumi/azure-native/network/loadBalancer.js";
import { getProject, getStack } from "@pulumi/pulumi/metadata.js";
import { all, type Output } from "@pulumi/pulumi/output.js";
import { ComponentResource, type ComponentResourceOptions } from "@pulumi/pulumi/resource.js";
import type { Digest } from "../../sdk/core/digest.ts";
import { keepNames } from "../../sdk/machine/keep-names.ts";
import { timeLimit } from "../../sdk/machine/time-limit.ts";
import { transformed } from "../../sdk/machine/transform.ts";
import { refuseVolumes } from "../../sdk/machine/volumes.ts";
import { type Balancing, fleetBalancer } from "./fleet-balancer.ts";
import { checkFleet } from "./fleet-checks.ts";
import { encoded } from "./instance-arguments.ts";
import { checkSize } from "./instance-size.ts";
import { nameOf, SCALE_SET } from "./names.ts";
import type { MachineImage } from "./machine-image.ts";
import type { FleetArgs } from "./fleet-args.ts";
import { machineImageFor } from "./machine-source.ts";
import { RolloutGate, type RolloutGateArgs } from "./rollout-gate.ts";
import { hostPrefix, scaleSetArguments } from "./scale-set-arguments.ts";
import { accessOf } from "./access-args.ts";
import { azure } from "./pulumi-azure.ts";

/**
 * A scale set. Another image is rolled out batch by batch, and a load balancer's probe decides health. The update waits
 * for it, and fails when unhealthy machines cause a rollback. Creating a fleet waits for its first machines too.
 */
export class Fleet extends ComponentResource {
  /** The scale set's name. */
  readonly groupName: Output<string>;
  /** Principal of the system-assigned identity of its machines; empty without one. */
  readonly principalId: Output<string>;
  /** The image that every machine runs, known when the rollout is done. */
  readonly digest: Output<Digest>;
  /** Id of the machine image that the scale set makes its machines from. */
  readonly imageId: Output<string>;
  /** The resources behind it. */
  readonly nodes: {
    /** What the machines start from. */
    readonly machineImage: MachineImage;
    /** The load balancer; undefined without one. */
    readonly loadBalancer?: LoadBalancer;
    /** What holds the update until the machines are healthy. */
    readonly gate: RolloutGate;
    /** The scale set. */
    readonly scaleSet: VirtualMachineScaleSet;
    /** What holds the program until the machines are healthy. */
    readonly health: RolloutGate;
  };

  constructor(name: string, args: FleetArgs, options?: ComponentResourceOptions) {
    super("linuxkit:index:AzureFleet", name, {}, options);
    const { transform, timeoutSeconds = 3600 } = args;
    refuseVolumes(name, args, "Azure Files or a database");
    checkFleet(name, args);
    checkSize(name, args, this);
    const machineImage = machineImageFor(`fleet "${name}"`, name, args, transform, this);
    const { subscriptionId, tenantId } = azure.getClientConfigOutput({ parent: this });
    const balancing: Balancing = fleetBalancer(name, args, this);
    const child = { parent: this };
    const scaleSetName = nameOf(`${getProject()}-${getStack()}-${name}`, SCALE_SET);
    const wanted: RolloutGateArgs = {
      fleet: name,
      subscriptionId,
      resourceGroupName: args.resourceGroupName,
      scaleSet: scaleSetName,
      image: machineImage.imageId,
      userData: encoded(args.userData),
      ...accessOf(this, { ...args, tenantId: args.tenantId ?? tenantId }),
    };
    const gateArguments = transformed(transform?.gate, wanted, `${name}-gate`);
    const gate = new RolloutGate(`${name}-gate`, gateArguments, {
      ...child,
      ...keepNames(gateArguments, { scaleSet: scaleSetName }),
      ...timeLimit(timeoutSeconds),
    });
    const wantedSet = scaleSetArguments(name, gate.scaleSet, args, machineImage, balancing);
    const setArguments = transformed(transform?.scaleSet, wantedSet, `${name}-set`);
    const scaleSet = new azure.VirtualMachineScaleSet(`${name}-set`, setArguments, {
      ...child,
      ...keepNames(setArguments, { "virtualMachineProfile.osProfile.computerNamePrefix": hostPrefix(name) }),
      // the gate rolls the set first: a failed update by Azure's provider would leave a set of both images.
      // The probe must exist before the machines that it judges, and outlive them
      dependsOn: [gate, ...(balancing.loadBalancer ? [balancing.loadBalancer] : [])],
      deleteBeforeReplace: true,
    });
    const health = new RolloutGate(
      `${name}-health`,
      { ...gateArguments, scaleSet: scaleSet.name },
      { ...child, ...timeLimit(timeoutSeconds) },
    );
    this.nodes = { machineImage, ...(balancing.loadBalancer && { loadBalancer: balancing.loadBalancer }), gate, scaleSet, health };
    this.groupName = scaleSet.name;
    this.digest = all([machineImage.digest, gate.rollout, health.rollout]).apply(([digest]) => digest);
    this.imageId = machineImage.imageId;
    this.principalId = scaleSet.identity.apply((identity) => identity?.principalId ?? "");
    this.registerOutputs({ groupName: this.groupName, digest: this.digest, imageId: this.imageId, principalId: this.principalId });
  }
}
