/**
 * Plays what DescribeInstanceTypes says of a few types, as Pulumi's `aws.ec2.getInstanceType` returns it.
 *
 * Source: moto 5.2.5's record of AWS's answers, ec2/resources/instance_types.json.gz; `aws/instance-types.judge` compares them.
 */
export interface RecordedType {
  readonly supportedArchitectures: readonly string[];
  readonly bootModes: readonly string[];
  readonly nitroTpmSupport: "supported" | "unsupported";
  /** Empty for bare metal, as the provider gives it. */
  readonly hypervisor: "nitro" | "xen" | "";
}

const nitro = (arch: string, bootModes: readonly string[], nitroTpmSupport: RecordedType["nitroTpmSupport"]): RecordedType => ({
  supportedArchitectures: [arch],
  bootModes,
  nitroTpmSupport,
  hypervisor: "nitro",
});

const BOTH = ["legacy-bios", "uefi"];

/** By name. */
export const INSTANCE_TYPES: Readonly<Record<string, RecordedType>> = {
  "t3.micro": nitro("x86_64", BOTH, "supported"),
  "t3.small": nitro("x86_64", BOTH, "supported"),
  "m7i.large": nitro("x86_64", BOTH, "supported"),
  "p4d.24xlarge": nitro("x86_64", ["legacy-bios"], "unsupported"),
  "m5.metal": { ...nitro("x86_64", ["legacy-bios"], "unsupported"), hypervisor: "" },
  "t2.micro": { ...nitro("x86_64", ["legacy-bios"], "unsupported"), supportedArchitectures: ["i386", "x86_64"], hypervisor: "xen" },
  "m7g.large": nitro("arm64", ["uefi"], "supported"),
  "a1.large": nitro("arm64", ["uefi"], "unsupported"),
  "x2gd.medium": nitro("arm64", ["uefi"], "unsupported"),
};

/** The provider's answer. @throws its error for a type that EC2 does not have */
export function describeType(name: string): RecordedType & { readonly instanceType: string } {
  const found = INSTANCE_TYPES[name];
  if (!found)
    throw new Error(
      `reading EC2 Instance Type (${name}): operation error EC2: DescribeInstanceTypes, https response error StatusCode: 400, api error InvalidInstanceType: The following supplied instance types do not exist: [${name}]`,
    );
  return { instanceType: name, ...found };
}
