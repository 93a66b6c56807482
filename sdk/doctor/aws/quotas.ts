import { AutoScalingClient, DescribeAccountLimitsCommand } from "@aws-sdk/client-auto-scaling";
import { type EC2Client, paginateDescribeInstances } from "@aws-sdk/client-ec2";
import type { clientConfig } from "../../../providers/aws/plugin/access/clients.ts";
import { fromAws } from "../../../providers/aws/plugin/access/failure.ts";
import { type Finding, findingsOf } from "../finding.ts";
import { describeTypes } from "./types.ts";
import type { AwsMachines } from "./wanted.ts";

/**
 * The quota that counts the vCPUs of running On-Demand Instances, by the first letters of the type.
 *
 * Source: Service Quotas, service `ec2`, "Running On-Demand … instances"; Amazon EC2 User Guide, "Amazon EC2 service quotas".
 */
const QUOTAS: readonly (readonly [family: RegExp, code: string, name: string])[] = [
  [/^dl\d/, "L-6E869C2A", "DL"],
  [/^f\d/, "L-74FC7D96", "F"],
  [/^(?:g\d|gr\d|vt\d)/, "L-DB2E81BA", "G and VT"],
  [/^hpc/, "L-F7808C92", "HPC"],
  [/^inf/, "L-1945791B", "Inf"],
  [/^p\d/, "L-417A185B", "P"],
  [/^trn/, "L-2C3B7624", "Trn"],
  [/^u-|^u\d/, "L-43DA4232", "High Memory"],
  [/^x\d/, "L-7295265B", "X"],
  [/^[acdhimrtz]/, "L-1216C47A", "Standard"],
];

/** The quota of a type: its code and name; undefined for a family that the table does not know. */
export function quotaOf(instanceType: string): { readonly code: string; readonly name: string } | undefined {
  const [, code, name] = QUOTAS.find(([family]) => family.test(instanceType)) ?? [];
  return code === undefined || name === undefined ? undefined : { code, name };
}

/** Whether the account's quotas have room for the machines, beside what runs now. */
export async function checkQuotas(
  ec2: EC2Client,
  config: ReturnType<typeof clientConfig>,
  machines: readonly AwsMachines[],
  signal: AbortSignal,
): Promise<readonly Finding[]> {
  const { ServiceQuotasClient, GetServiceQuotaCommand } = await import("@aws-sdk/client-service-quotas");
  const { ok, warning, refused } = findingsOf("quota");
  const running = await runningTypes(ec2, signal);
  const cpus = await describeTypes(ec2, [...running, ...machines.map(({ instanceType }) => instanceType)], signal);
  const vcpus = (type: string): number => cpus.get(type)?.VCpuInfo?.DefaultVCpus ?? 0;
  const needs = new Map<string, { readonly name: string; wanted: number; used: number }>();
  for (const { instanceType, count } of machines) {
    const { code, name } = quotaOf(instanceType) ?? {};
    if (code === undefined || name === undefined) continue;
    const need = needs.get(code) ?? {
      name,
      wanted: 0,
      used: running.filter((type) => quotaOf(type)?.code === code).reduce((sum, type) => sum + vcpus(type), 0),
    };
    need.wanted += count * vcpus(instanceType);
    needs.set(code, need);
  }
  const client = new ServiceQuotasClient(config);
  try {
    return await Promise.all(
      [...needs].map(async ([code, { name, wanted, used }]) => {
        const { Quota } = await client
          .send(new GetServiceQuotaCommand({ ServiceCode: "ec2", QuotaCode: code }), { abortSignal: signal })
          .catch((error: unknown) => {
            throw fromAws(error, `GetServiceQuota ${code}`, signal);
          });
        const limit = Quota?.Value ?? 0;
        const says = `${name} (${code}): ${limit} vCPUs, ${used} in use, the program wants ${wanted}`;
        if (used + wanted > limit)
          return refused(
            code,
            says,
            `ask for ${used + wanted} in Service Quotas, or lower count or instanceType: an update reuses what it replaces`,
          );
        return used + wanted > 0.9 * limit ? warning(code, says, "ask for more in Service Quotas before the fleet grows") : ok(code, says);
      }),
    );
  } finally {
    client.destroy();
  }
}

/** The type of each running instance. Source: the quotas count running On-Demand Instances only, not Spot. */
async function runningTypes(ec2: EC2Client, signal: AbortSignal): Promise<readonly string[]> {
  const types: string[] = [];
  const Filters = [{ Name: "instance-state-name", Values: ["pending", "running"] }];
  try {
    for await (const { Reservations = [] } of paginateDescribeInstances({ client: ec2 }, { Filters }, { abortSignal: signal }))
      for (const { Instances = [] } of Reservations)
        types.push(
          ...Instances.filter(({ InstanceLifecycle }) => InstanceLifecycle === undefined).map(
            ({ InstanceType = "" }) => InstanceType as string,
          ),
        );
  } catch (error) {
    throw fromAws(error, "DescribeInstances", signal);
  }
  return types;
}

/** Whether the account may have another Auto Scaling group. Source: Amazon EC2 Auto Scaling API Reference, DescribeAccountLimits. */
export async function checkGroups(
  config: ReturnType<typeof clientConfig>,
  fleets: number,
  signal: AbortSignal,
): Promise<readonly Finding[]> {
  const { ok, refused } = findingsOf("quota");
  const client = new AutoScalingClient(config);
  try {
    const { MaxNumberOfAutoScalingGroups: limit = 0, NumberOfAutoScalingGroups: used = 0 } = await client
      .send(new DescribeAccountLimitsCommand({}), { abortSignal: signal })
      .catch((error: unknown) => {
        throw fromAws(error, "DescribeAccountLimits", signal);
      });
    const says = `${limit} Auto Scaling groups, ${used} in use, the program wants ${fleets}`;
    return [
      used + fleets > limit
        ? refused("groups", says, "delete groups that nobody uses, or ask for more in Service Quotas")
        : ok("groups", says),
    ];
  } finally {
    client.destroy();
  }
}
