import { type Finding, findingsOf } from "../finding.ts";
import type { GoogleApis } from "./client.ts";
import type { GcpMachines } from "./wanted.ts";

/** Source: compute v1, schema `Quota` (a region's and a project's `quotas`). */
interface Quota {
  readonly metric: string;
  readonly limit: number;
  readonly usage: number;
}

/** Source: compute v1, schema `MachineType`. */
export interface MachineType {
  readonly guestCpus: number;
  readonly architecture?: "X86_64" | "ARM64" | "ARCHITECTURE_UNSPECIFIED";
}

/**
 * Series whose vCPUs have a quota of their own in a region. Others count as `CPUS`, or by VM family, which the API of regions does
 * not show.
 *
 * Source: compute v1, `Quota.metric`; Compute Engine, "Allocation quotas", CPU quotas.
 */
const OWN: ReadonlySet<string> = new Set(["a2", "c2", "c2d", "c3", "m1", "m2", "m3", "n2", "n2a", "n2d", "t2a", "t2d"]);
const SHARED: ReadonlySet<string> = new Set(["custom", "e2", "f1", "g1", "n1"]);

/** The metric that counts a type's vCPUs; undefined where only the quota by VM family does. */
export function cpuMetric(instanceType: string): string | undefined {
  const series = instanceType.split("-")[0] ?? "";
  if (OWN.has(series)) return `${series.toUpperCase()}_CPUS`;
  return SHARED.has(series) ? "CPUS" : undefined;
}

/** Whether the region and the project have room for the machines, beside what is there now. */
export async function checkQuotas(
  apis: GoogleApis,
  region: string,
  machines: readonly GcpMachines[],
  cpusOf: (instanceType: string) => Promise<number>,
): Promise<readonly Finding[]> {
  const { ok, warning, refused } = findingsOf("quota");
  const [place, whole] = await Promise.all([
    apis.compute<{ readonly quotas?: readonly Quota[] }>(`regions/${region}`),
    apis.compute<{ readonly quotas?: readonly Quota[] }>(""),
  ]);
  if (!place) return [refused(region, "no such region", "name a region of `gcloud compute regions list`")];
  const needs = new Map<string, number>();
  const add = (metric: string, amount: number): unknown => needs.set(metric, (needs.get(metric) ?? 0) + amount);
  const findings: Finding[] = [];
  for (const { name, instanceType, count, hasPublicIp, isFleet } of machines) {
    const cpus = count * (await cpusOf(instanceType));
    const metric = cpuMetric(instanceType);
    if (metric === undefined)
      findings.push(ok(name, `the vCPUs of ${instanceType} are counted by VM family (CPUS_PER_VM_FAMILY): see the console's quotas`));
    else add(metric, cpus);
    add("CPUS_ALL_REGIONS", cpus);
    add("INSTANCES", count);
    if (hasPublicIp) add("IN_USE_ADDRESSES", count);
    if (isFleet) add("REGIONAL_INSTANCE_GROUP_MANAGERS", 1);
  }
  add("IMAGES", 1);
  const quotas = [
    ...(place.quotas ?? []),
    ...(whole?.quotas ?? []).filter(({ metric }) => !(place.quotas ?? []).some((one) => one.metric === metric)),
  ];
  for (const [metric, wanted] of needs) {
    const quota = quotas.find((one) => one.metric === metric);
    if (!quota || wanted === 0) continue;
    const { limit, usage } = quota;
    const where = place.quotas?.includes(quota) ? region : "the project";
    const says = `${limit} in ${where}, ${usage} in use, the program wants ${wanted}`;
    if (usage + wanted > limit)
      findings.push(refused(metric, says, `ask for ${usage + wanted} under "Quotas & System Limits", or lower count or maxSurge`));
    else if (usage + wanted > 0.9 * limit)
      findings.push(warning(metric, says, `ask for more under "Quotas & System Limits" before it grows`));
    else findings.push(ok(metric, says));
  }
  return findings;
}
