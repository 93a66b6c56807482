import { type Finding, findingsOf } from "../finding.ts";
import { get, type Group } from "./account.ts";
import type { AzureMachines } from "./wanted.ts";

/** Source: Microsoft Learn, REST API "Resource Skus - List". */
export interface Sku {
  readonly resourceType: string;
  readonly name: string;
  readonly family?: string;
  readonly capabilities?: readonly { readonly name: string; readonly value: string }[];
  readonly restrictions?: readonly { readonly type: string; readonly reasonCode: string }[];
}

/** The sizes of machines in a location. */
export async function sizesIn({ manager, subscription, signal }: Group, location: string): Promise<readonly Sku[]> {
  const path = `/subscriptions/${subscription}/providers/Microsoft.Compute/skus?$filter=${encodeURIComponent(`location eq '${location}'`)}`;
  const all = await manager.list<Sku>({ path, apiVersion: "2021-07-01", what: `sizes in ${location}` }, signal);
  return all.filter(({ resourceType }) => resourceType === "virtualMachines");
}

/** A capability of a size: `vCPUs`, `CpuArchitectureType`. */
function capability(sku: Sku, name: string): string | undefined {
  return sku.capabilities?.find((one) => one.name === name)?.value;
}

/** Whether each size is there for the subscription, and can run the image. */
export function checkSizes(sizes: readonly Sku[], location: string, machines: readonly AzureMachines[]): readonly Finding[] {
  const { ok, refused } = findingsOf("instance type");
  return machines.map(({ name, instanceType, arch, isTrusted }) => {
    const size = sizes.find((one) => one.name.toLowerCase() === instanceType.toLowerCase());
    if (!size) return refused(name, `${location} has no ${instanceType}`, `choose another size: az vm list-skus --location ${location}`);
    const restriction = size.restrictions?.find(({ type }) => type === "Location");
    if (restriction)
      return refused(
        name,
        `${instanceType} is not for this subscription in ${location} (${restriction.reasonCode})`,
        "choose another size or location, or ask Azure's support for it",
      );
    // absent for the sizes that are older than the capability, which are x64
    const isArm = capability(size, "CpuArchitectureType") === "Arm64";
    if (isArm !== (arch === "arm64"))
      return refused(
        name,
        `${instanceType} is of ${isArm ? "Arm64" : "x64"}, the image of ${arch}`,
        "change instanceType, or the image's arch",
      );
    if (!(capability(size, "HyperVGenerations") ?? "V1").split(",").includes("V2"))
      return refused(name, `${instanceType} starts generation 1 only, the image is of generation 2`, "choose a size of generation 2");
    if (isTrusted && capability(size, "TrustedLaunchDisabled") === "True")
      return refused(name, `${instanceType} has no trusted launch`, "choose another size, or set trustedLaunch: false");
    return ok(name, `${instanceType} runs the image (${arch})`);
  });
}

/** Source: Microsoft Learn, REST API "Usage - List": `cores` is the region's total, and each family has its own. */
interface Usage {
  readonly currentValue: number;
  readonly limit: number;
  readonly name: { readonly value: string; readonly localizedValue?: string };
}

/** Whether the subscription has room for the machines, beside what is there now. */
export async function checkQuotas(
  group: Group,
  sizes: readonly Sku[],
  location: string,
  machines: readonly AzureMachines[],
): Promise<readonly Finding[]> {
  const { ok, warning, refused } = findingsOf("quota");
  const path = `/subscriptions/${group.subscription}/providers/Microsoft.Compute/locations/${location}/usages`;
  const { value: usages = [] } = (await get<{ value?: readonly Usage[] }>(group, path, "2024-07-01", `usages in ${location}`)) ?? {};
  const needs = new Map<string, number>();
  const add = (name: string, amount: number): unknown => needs.set(name, (needs.get(name) ?? 0) + amount);
  for (const { instanceType, count, isFleet } of machines) {
    const size = sizes.find((one) => one.name.toLowerCase() === instanceType.toLowerCase());
    const cpus = count * Number((size && capability(size, "vCPUs")) ?? 0);
    add("cores", cpus);
    if (size?.family !== undefined) add(size.family, cpus);
    add("virtualMachines", count);
    if (isFleet) add("virtualMachineScaleSets", 1);
  }
  const findings: Finding[] = [];
  for (const [name, wanted] of needs) {
    const usage = usages.find((one) => one.name.value.toLowerCase() === name.toLowerCase());
    if (!usage || wanted === 0) continue;
    const { limit, currentValue } = usage;
    const says = `${limit} in ${location}, ${currentValue} in use, the program wants ${wanted}`;
    const more = `ask for ${currentValue + wanted} under "Usage + quotas" of the subscription, or lower count`;
    if (currentValue + wanted > limit) findings.push(refused(name, says, more));
    else findings.push(currentValue + wanted > 0.9 * limit ? warning(name, says, more) : ok(name, says));
  }
  return findings;
}
