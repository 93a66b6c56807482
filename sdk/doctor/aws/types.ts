import { DescribeInstanceTypesCommand, type EC2Client, type InstanceTypeInfo, type _InstanceType } from "@aws-sdk/client-ec2";
import { bootTraits, hasXenDrivers, type TypeFacts, typeProblem } from "../../../providers/aws/boot-facts.ts";
import { fromAws } from "../../../providers/aws/plugin/access/failure.ts";
import { type Finding, findingsOf } from "../finding.ts";
import type { AwsMachines } from "./wanted.ts";

/** What EC2 says of types, by name. A type that the region does not have is missing. @throws as `fromAws` */
export async function describeTypes(
  ec2: EC2Client,
  names: readonly string[],
  signal: AbortSignal,
): Promise<ReadonlyMap<string, InstanceTypeInfo>> {
  const found = await Promise.all(
    [...new Set(names)].map(async (name) => {
      const { InstanceTypes: [info] = [] } = await ec2
        .send(new DescribeInstanceTypesCommand({ InstanceTypes: [name as _InstanceType] }), { abortSignal: signal })
        .catch((error: unknown) => {
          // Source: Amazon EC2 API Reference, "Client error codes for specific actions"
          if ((error as Error).name === "InvalidInstanceType") return { InstanceTypes: [] };
          throw fromAws(error, `DescribeInstanceTypes ${name}`, signal);
        });
      return info;
    }),
  );
  return new Map(found.flatMap((info) => (info?.InstanceType === undefined ? [] : [[info.InstanceType as string, info] as const])));
}

/** Whether each type can run the image of its machines. */
export async function checkTypes(ec2: EC2Client, machines: readonly AwsMachines[], signal: AbortSignal): Promise<readonly Finding[]> {
  const { ok, refused } = findingsOf("instance type");
  const types = await describeTypes(
    ec2,
    machines.map(({ instanceType }) => instanceType),
    signal,
  );
  return machines.map(({ name, instanceType, arch, tpm, definition }) => {
    const info = types.get(instanceType);
    if (!info) return refused(name, `this region has no ${instanceType}`, "choose a type that the region has, or another region");
    const problem = typeProblem(instanceType, factsOf(info), arch, bootTraits(arch, tpm), hasXenDrivers(definition));
    if (problem !== undefined) return refused(name, problem, "change instanceType, or the image's arch");
    return ok(name, `${instanceType} runs the image (${arch})`);
  });
}

/** EC2's answer as Pulumi's provider gives it. Source: Amazon EC2 API Reference, "InstanceTypeInfo". */
function factsOf({ ProcessorInfo, SupportedBootModes, NitroTpmSupport, Hypervisor, BareMetal }: InstanceTypeInfo): TypeFacts {
  const architectures = ProcessorInfo?.SupportedArchitectures;
  return {
    ...(architectures && { supportedArchitectures: architectures }),
    ...(SupportedBootModes && { bootModes: SupportedBootModes }),
    ...(NitroTpmSupport !== undefined && { nitroTpmSupport: NitroTpmSupport }),
    hypervisor: BareMetal ? "" : (Hypervisor ?? ""),
  };
}
