import type { VirtualMachineScaleSetArgs } from "@pulumi/azure-native/compute/virtualMachineScaleSet.js";
import { all, type Output, output } from "@pulumi/pulumi/output.js";
import type { FleetArgs } from "./fleet-args.ts";
import { secretTagsOf } from "../../sdk/machine/secret-tags.ts";
import { ROLLOUT_DEFAULTS } from "../../sdk/rollout/defaults.ts";
import type { Balancing } from "./fleet-balancer.ts";
import { administrator, encoded, identityOf } from "./instance-arguments.ts";
import { diskController, securityProfile } from "./instance-size.ts";
import type { MachineImage } from "./machine-image.ts";
import { SECRET_FORM } from "./machine-secrets.ts";
import { tagsOf } from "./machine-source.ts";
import { HOST_PREFIX, nameOf } from "./names.ts";

/** Seconds, Azure's minimum. */
const HEALTH_CHECK_GRACE_PERIOD = 600;

/** Percent of the fleet, Azure's minimum for a batch. */
const LEAST_BATCH = 5;

/** A scale set with uniform orchestration: only this one can roll by a load balancer's probe. */
export function scaleSetArguments(
  name: string,
  vmScaleSetName: Output<string>,
  args: FleetArgs,
  image: MachineImage,
  { backendPoolIds, probeId }: Balancing,
): VirtualMachineScaleSetArgs {
  const { resourceGroupName, location, count, zones, instanceType, userData, subnetId, securityGroupId, publicIp } = args;
  const { imageId, traits } = image;
  const osProfile = administrator(name, traits, args);
  const ipConfiguration = {
    name: "ipv4",
    primary: true,
    subnet: { id: subnetId },
    loadBalancerBackendAddressPools: backendPoolIds.apply((ids) => ids.map((id) => ({ id }))),
  };
  return {
    vmScaleSetName,
    resourceGroupName,
    ...(location !== undefined && { location }),
    tags: all([tagsOf(args.tags), ...secretTagsOf(name, args.secrets, image.nodes.build.definition, SECRET_FORM)]).apply(
      (tags): Record<string, string> => Object.assign({}, ...tags),
    ),
    orchestrationMode: "Uniform",
    overprovision: false,
    sku: { name: instanceType, tier: "Standard", capacity: count },
    ...(zones !== undefined && { zones: output(zones).apply((zones) => [...zones]) }),
    upgradePolicy: upgradePolicy(args),
    automaticRepairsPolicy: {
      enabled: true,
      gracePeriod: output(args.healthCheckGracePeriod ?? HEALTH_CHECK_GRACE_PERIOD).apply((seconds) => `PT${Math.ceil(seconds / 60)}M`),
    },
    ...identityOf(args),
    virtualMachineProfile: {
      storageProfile: {
        imageReference: { id: imageId },
        osDisk: { createOption: "FromImage", caching: "ReadWrite", managedDisk: { storageAccountType: "StandardSSD_LRS" } },
        ...diskController(instanceType),
      },
      networkProfile: {
        healthProbe: { id: probeId },
        networkInterfaceConfigurations: [
          {
            name: "ethernet",
            primary: true,
            ipConfigurations: output(publicIp ?? false).apply((isPublic) => [
              { ...ipConfiguration, ...(isPublic && { publicIPAddressConfiguration: { name: "public", sku: { name: "Standard" } } }) },
            ]),
            ...(securityGroupId !== undefined && { networkSecurityGroup: { id: securityGroupId } }),
          },
        ],
      },
      diagnosticsProfile: { bootDiagnostics: { enabled: true } },
      ...securityProfile(traits, instanceType),
      ...(osProfile && { osProfile: { ...osProfile, computerNamePrefix: hostPrefix(name) } }),
      ...(userData !== undefined && { userData: encoded(userData) }),
    },
  };
}

/** What the host names of a fleet's machines start with. */
export function hostPrefix(name: string): string {
  return nameOf(name, HOST_PREFIX, "start");
}

function upgradePolicy({
  minHealthyPercentage = ROLLOUT_DEFAULTS.minHealthyPercentage,
  maxHealthyPercentage = ROLLOUT_DEFAULTS.maxHealthyPercentage,
  instanceWarmup = ROLLOUT_DEFAULTS.instanceWarmup,
}: FleetArgs) {
  const batch = output(minHealthyPercentage).apply((percent) => Math.max(LEAST_BATCH, 100 - percent));
  return {
    mode: "Rolling" as const,
    rollingUpgradePolicy: {
      maxBatchInstancePercent: batch,
      // with less, neither a fix nor a rollback would begin while machines are unhealthy
      maxUnhealthyInstancePercent: 100,
      // a single unhealthy machine fails its batch
      maxUnhealthyUpgradedInstancePercent: 0,
      pauseTimeBetweenBatches: output(instanceWarmup).apply((seconds) => `PT${seconds}S`),
      prioritizeUnhealthyInstances: true,
      rollbackFailedInstancesOnPolicyBreach: true,
      maxSurge: output(maxHealthyPercentage).apply((percent) => percent > 100),
    },
  };
}
