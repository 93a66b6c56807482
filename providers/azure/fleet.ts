import { getClientConfigOutput } from "@pulumi/azure-native/authorization/getClientConfig.js";
import { VirtualMachineScaleSet } from "@pulumi/azure-native/compute/virtualMachineScaleSet.js";
import type { LoadBalancer } from "@pulumi/azure-native/network/loadBalancer.js";
import { getProject, getStack } from "@pulumi/pulumi/metadata.js";
import type { Output } from "@pulumi/pulumi/output.js";
import { ComponentResource, type ComponentResourceOptions } from "@pulumi/pulumi/resource.js";
import { LinuxKitError } from "../../sdk/core/errors.ts";
import { timeLimit } from "../../sdk/machine/time-limit.ts";
import { transformed } from "../../sdk/machine/transform.ts";
import { type Balancing, fleetBalancer } from "./fleet-balancer.ts";
import { encoded } from "./instance-arguments.ts";
import type { MachineImage } from "./machine-image.ts";
import type { FleetArgs } from "./fleet-args.ts";
import { machineImageOf } from "./machine-source.ts";
import { RolloutGate, type RolloutGateArgs } from "./rollout-gate.ts";
import { scaleSetArguments } from "./scale-set-arguments.ts";
import { accessOf } from "./access-args.ts";

/**
 * A scale set. Another image is rolled out batch by batch, judged by a load balancer's probe; the update waits for it,
 * and fails when unhealthy machines have brought the old image back. The first machines are waited for too.
 */
export class Fleet extends ComponentResource {
  /** The scale set's name. */
  readonly groupName: Output<string>;
  /** Of the identity that Azure has made for its machines; empty without one. */
  readonly principalId: Output<string>;
  /** The id of the image that every machine has. */
  readonly version: Output<string>;
  /** The resources behind it. */
  readonly nodes: {
    readonly machineImage: MachineImage;
    readonly loadBalancer?: LoadBalancer;
    readonly gate: RolloutGate;
    readonly scaleSet: VirtualMachineScaleSet;
    readonly health: RolloutGate;
  };

  constructor(name: string, args: FleetArgs, options?: ComponentResourceOptions) {
    super("linuxkit:index:AzureFleet", name, {}, options);
    const { transform, timeoutSeconds = 3600 } = args;
    if ("volumes" in args)
      throw new LinuxKitError(
        "UNSUPPORTED",
        `fleet "${name}": volumes: a fleet's machines come and go, and no disk stays with one of them: make a Machine for each disk, or keep what lasts in a service such as Azure Files or a database`,
        { what: "volumes of a fleet" },
      );
    const machineImage = machineImageOf(name, args, transform, this);
    const { subscriptionId, tenantId } = getClientConfigOutput({ parent: this });
    const balancing: Balancing = fleetBalancer(name, args, subscriptionId, this);
    const child = { parent: this };
    const scaleSetName = `${getProject()}-${getStack()}-${name}`
      .replace(/[^A-Za-z\d-]/g, "-")
      .slice(-60)
      .replace(/^-+/, "");
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
    const gate = new RolloutGate(`${name}-gate`, gateArguments, { ...child, ...timeLimit(timeoutSeconds) });
    const scaleSet = new VirtualMachineScaleSet(
      `${name}-set`,
      transformed(transform?.scaleSet, scaleSetArguments(name, scaleSetName, args, machineImage, balancing), `${name}-set`),
      {
        ...child,
        // the gate has it rolled: Azure's own update of a scale set would fail and leave half of the machines the new ones.
        // The probe has to be there before machines that it judges, and to stay until they have gone
        dependsOn: [gate, ...(balancing.loadBalancer ? [balancing.loadBalancer] : [])],
        deleteBeforeReplace: true,
      },
    );
    const health = new RolloutGate(
      `${name}-health`,
      { ...gateArguments, scaleSet: scaleSet.name },
      { ...child, ...timeLimit(timeoutSeconds) },
    );
    this.nodes = { machineImage, ...(balancing.loadBalancer && { loadBalancer: balancing.loadBalancer }), gate, scaleSet, health };
    this.groupName = scaleSet.name;
    this.version = machineImage.imageId;
    this.principalId = scaleSet.identity.apply((identity) => identity?.principalId ?? "");
    this.registerOutputs({ groupName: this.groupName, version: this.version, principalId: this.principalId });
  }
}
