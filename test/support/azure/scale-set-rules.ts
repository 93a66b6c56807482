/**
 * Plays the checks that Azure makes on a scale set.
 *
 * Source: Azure REST API, "RollingUpgradePolicy" (limits of each percentage); "Virtual Machine Scale Sets" (singlePlacementGroup);
 * "AutomaticRepairsPolicy" (10 to 90 minutes).
 * Assumed: that the stand-in's images have no agent, so extensions fail; the codes and words of refusals.
 */
import { isProperties, type Properties } from "../../../sdk/plugin/value.ts";
import type { Arm, ArmResource } from "./arm.ts";
import { listAt, textAt, valueAt } from "./arm-shape.ts";
import { checkIdentity } from "./identities.ts";
import type { LaunchImage } from "./images.ts";
import { checkLaunch } from "./launch-rules.ts";
import { checkProbe, checkSubnet } from "./network.ts";
import { AzureRefusal } from "./refusal.ts";

/** Minimum and maximum of each percentage in a rolling upgrade's policy. */
const PERCENTS: Readonly<Record<string, readonly [number, number]>> = {
  maxBatchInstancePercent: [5, 100],
  maxUnhealthyInstancePercent: [5, 100],
  maxUnhealthyUpgradedInstancePercent: [0, 100],
};

/** Throws Azure's error for a wrong scale set. */
export function checkScaleSet(arm: Arm, set: ArmResource, image: LaunchImage): void {
  const { body } = set;
  const profile = profileOf(set);
  const probe = textAt(profile, "networkProfile.healthProbe.id");
  if (textAt(body, "properties.orchestrationMode") === "Flexible")
    throw new AzureRefusal(
      400,
      "BadRequest",
      probe
        ? "Health probes are not supported with orchestration mode Flexible."
        : "this stand-in does not support orchestration mode Flexible",
    );
  const capacity = valueAt(body, "sku.capacity");
  if (typeof capacity !== "number" || capacity < 0 || capacity > 1000 || !Number.isInteger(capacity))
    throw new AzureRefusal(400, "InvalidParameter", `The value of parameter sku.capacity is invalid: ${String(capacity)}.`);
  if (capacity > 100 && valueAt(body, "properties.singlePlacementGroup") !== false)
    throw new AzureRefusal(400, "InvalidParameter", `A scale set with singlePlacementGroup has at most 100 machines, got ${capacity}.`);
  checkLaunch(profile, image, textAt(body, "sku.name"));
  if (image.osState === "Generalized" && !/^[A-Za-z0-9]([A-Za-z0-9-]{0,57})$/.test(textAt(profile, "osProfile.computerNamePrefix") ?? ""))
    throw new AzureRefusal(400, "InvalidParameter", "osProfile.computerNamePrefix has 1 to 58 letters, digits and hyphens for Linux.");
  if (listAt(profile, "extensionProfile.extensions").length > 0)
    throw new AzureRefusal(
      409,
      "VMExtensionProvisioningError",
      "an extension needs an agent in the guest, and no image of this stand-in has one",
    );
  const nics = listAt(profile, "networkProfile.networkInterfaceConfigurations");
  if (nics.filter((nic) => valueAt(nic, "properties.primary") === true).length !== 1)
    throw new AzureRefusal(400, "InvalidParameter", "One of networkInterfaceConfigurations has primary true.");
  for (const configuration of nics.flatMap((nic) => listAt(nic, "properties.ipConfigurations")))
    checkSubnet(arm, textAt(configuration, "properties.subnet.id"));
  if (probe !== undefined) checkProbe(arm, probe, poolsOf(set));
  checkIdentity(arm, body);
  checkPolicies(body, probe !== undefined);
}

function checkPolicies(body: Properties, hasProbe: boolean): void {
  const mode = textAt(body, "properties.upgradePolicy.mode");
  if (mode === undefined) throw new AzureRefusal(400, "InvalidParameter", "Required parameter 'upgradePolicy.mode' is missing (null).");
  if (mode === "Rolling" && !hasProbe)
    throw new AzureRefusal(
      400,
      "BadRequest",
      "Rolling Upgrade mode is not supported for this Virtual Machine Scale Set because a health probe or health extension was not provided.",
    );
  for (const [name, [least, most]] of Object.entries(PERCENTS)) {
    const percent = valueAt(body, `properties.upgradePolicy.rollingUpgradePolicy.${name}`);
    if (percent !== undefined && (typeof percent !== "number" || !Number.isInteger(percent) || percent < least || percent > most))
      throw new AzureRefusal(
        400,
        "InvalidParameter",
        `The value of parameter ${name} is invalid: ${String(percent)}, wanted ${least} to ${most}.`,
      );
  }
  const [batch, unhealthy] = ["maxBatchInstancePercent", "maxUnhealthyInstancePercent"].map((name) =>
    Number(valueAt(body, `properties.upgradePolicy.rollingUpgradePolicy.${name}`) ?? 20),
  ) as [number, number];
  if (batch > unhealthy)
    throw new AzureRefusal(400, "InvalidParameter", `maxBatchInstancePercent ${batch} is above maxUnhealthyInstancePercent ${unhealthy}.`);
  checkDuration(body, "properties.upgradePolicy.rollingUpgradePolicy.pauseTimeBetweenBatches", /^PT(?=\d)(\d+H)?(\d+M)?(\d+S)?$/);
  if (valueAt(body, "properties.automaticRepairsPolicy.enabled") !== true) return;
  if (!hasProbe)
    throw new AzureRefusal(
      400,
      "BadRequest",
      "Automatic repairs are not supported for this Virtual Machine Scale Set because a health probe or health extension was not provided.",
    );
  checkDuration(body, "properties.automaticRepairsPolicy.gracePeriod", /^PT([1-8]\d|90)M$/);
}

function checkDuration(body: Properties, path: string, form: RegExp): void {
  const text = textAt(body, path);
  if (text !== undefined && !form.test(text))
    throw new AzureRefusal(
      400,
      "InvalidParameter",
      `The value of parameter ${path.split(".").at(-1)} is invalid: ${text}, wanted ${form.source}.`,
    );
}

export function profileOf({ body }: ArmResource): Properties {
  const profile = valueAt(body, "properties.virtualMachineProfile");
  return isProperties(profile) ? profile : {};
}

/** IDs of the backend pools of a set's machines. */
function poolsOf(set: ArmResource): string[] {
  const configurations = listAt(profileOf(set), "networkProfile.networkInterfaceConfigurations").flatMap((nic) =>
    listAt(nic, "properties.ipConfigurations"),
  );
  return configurations.flatMap((configuration) =>
    listAt(configuration, "properties.loadBalancerBackendAddressPools").map(({ id }) => String(id)),
  );
}
