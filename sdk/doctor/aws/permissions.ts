/** A part of a program that needs rights of its own. */
export type Part = "image" | "copies" | "machine" | "volumes" | "fleet" | "doctor";

/**
 * The IAM actions of what this package's plugin calls. `test/doctor/aws-policy` compares them with its sources.
 *
 * Source: Service Authorization Reference, "Actions, resources, and condition keys": for Amazon Elastic Block Store (a snapshot that
 * is started with tags needs ec2:CreateTags too), for Amazon EC2, and for Amazon EC2 Auto Scaling. GetCallerIdentity needs no right.
 */
export const OF_PLUGIN: Readonly<Partial<Record<Part, readonly string[]>>> = {
  image: [
    "ebs:CompleteSnapshot",
    "ebs:PutSnapshotBlock",
    "ebs:StartSnapshot",
    "ec2:CreateTags",
    "ec2:DeleteSnapshot",
    "ec2:DeleteTags",
    "ec2:DescribeSnapshots",
  ],
  fleet: [
    "autoscaling:DescribeAutoScalingGroups",
    "autoscaling:DescribeInstanceRefreshes",
    "autoscaling:RollbackInstanceRefresh",
    "autoscaling:StartInstanceRefresh",
    "autoscaling:UpdateAutoScalingGroup",
  ],
};

/**
 * The IAM actions of what Pulumi's AWS provider calls for our components' resources.
 *
 * Source: hashicorp/terraform-provider-aws, internal/service: ec2/ec2_ami.go, ec2_ami_copy.go, ec2_instance.go,
 * ec2_launch_template.go, ebs_volume.go, ebs_volume_attachment.go, autoscaling/group.go.
 */
export const OF_PROVIDER: Readonly<Partial<Record<Part, readonly string[]>>> = {
  image: ["ec2:CreateTags", "ec2:DeregisterImage", "ec2:DescribeImages", "ec2:ModifyImageAttribute", "ec2:RegisterImage"],
  copies: ["ec2:CopyImage", "ec2:DeleteSnapshot", "ec2:DeregisterImage", "ec2:DescribeImages"],
  machine: [
    "ec2:CreateTags",
    "ec2:DescribeImages",
    "ec2:DescribeInstanceAttribute",
    "ec2:DescribeInstanceCreditSpecifications",
    "ec2:DescribeInstanceTypes",
    "ec2:DescribeInstances",
    "ec2:DescribeVolumes",
    "ec2:ModifyInstanceAttribute",
    "ec2:ModifyInstanceMetadataOptions",
    "ec2:RunInstances",
    "ec2:StartInstances",
    "ec2:StopInstances",
    "ec2:TerminateInstances",
  ],
  volumes: [
    "ec2:AttachVolume",
    "ec2:CreateVolume",
    "ec2:DeleteVolume",
    "ec2:DescribeSubnets",
    "ec2:DescribeVolumes",
    "ec2:DetachVolume",
    "ec2:ModifyVolume",
  ],
  fleet: [
    "autoscaling:AttachLoadBalancerTargetGroups",
    "autoscaling:CreateAutoScalingGroup",
    "autoscaling:CreateOrUpdateTags",
    "autoscaling:DeleteAutoScalingGroup",
    "autoscaling:DeleteTags",
    "autoscaling:DescribeAutoScalingGroups",
    "autoscaling:DescribeScalingActivities",
    "autoscaling:DetachLoadBalancerTargetGroups",
    "autoscaling:UpdateAutoScalingGroup",
    "ec2:CreateLaunchTemplate",
    "ec2:CreateLaunchTemplateVersion",
    "ec2:CreateTags",
    "ec2:DeleteLaunchTemplate",
    "ec2:DescribeInstanceTypes",
    "ec2:DescribeLaunchTemplateVersions",
    "ec2:DescribeLaunchTemplates",
    "ec2:ModifyLaunchTemplate",
    "ec2:RunInstances",
  ],
};

/** The IAM actions of these checks themselves. */
export const OF_DOCTOR: readonly string[] = [
  "autoscaling:DescribeAccountLimits",
  "ec2:DescribeInstanceTypeOfferings",
  "ec2:DescribeInstanceTypes",
  "ec2:DescribeInstances",
  "ec2:DescribeRouteTables",
  "ec2:DescribeSecurityGroups",
  "ec2:DescribeSubnets",
  "ec2:GetEbsDefaultKmsKeyId",
  "ec2:GetEbsEncryptionByDefault",
  "servicequotas:GetServiceQuota",
];

/** What the policy is for beside the parts. */
export interface PolicyFacts {
  readonly parts: readonly Part[];
  /** Where requests go: the region, and those of copies. */
  readonly regions: readonly string[];
  /** Whether machines get a role by an instance profile. */
  readonly hasProfile: boolean;
  /** ARNs of the keys that encrypt snapshots, where they are the account's own. */
  readonly keys: readonly string[];
}

/** All actions of the plugin and the provider for some parts of a program. */
export function actionsOf(parts: readonly Part[]): readonly string[] {
  return [...new Set(parts.flatMap((part) => [...(OF_PLUGIN[part] ?? []), ...(OF_PROVIDER[part] ?? [])]))].sort();
}

/** The smallest policy, as IAM takes it. Source: IAM User Guide, "IAM JSON policy elements reference". */
export function policyOf({ parts, regions, hasProfile, keys }: PolicyFacts): object {
  const within = regions.length === 0 ? {} : { Condition: { StringEquals: { "aws:RequestedRegion": [...regions] } } };
  const actions = actionsOf(parts);
  const allow = (Sid: string, Action: readonly string[], Resource: unknown, more: object = {}) =>
    Action.length === 0 ? [] : [{ Sid, Effect: "Allow", Action, Resource, ...more }];
  const isBlock = (action: string): boolean => action.startsWith("ebs:");
  return {
    Version: "2012-10-17",
    Statement: [
      ...allow("Upload", actions.filter(isBlock), `arn:${partitionOf(regions[0])}:ec2:*::snapshot/*`, within),
      ...allow(
        "Update",
        actions.filter((action) => !isBlock(action)),
        "*",
        within,
      ),
      // Source: IAM User Guide, "Grant a user permissions to pass a role to an AWS service"
      ...(hasProfile
        ? allow("PassRole", ["iam:PassRole"], "*", { Condition: { StringLike: { "iam:PassedToService": "ec2.amazonaws.com*" } } })
        : []),
      // Source: Amazon EC2 Auto Scaling User Guide, "Service-linked roles": the first group of an account creates it
      ...(parts.includes("fleet")
        ? allow("ServiceRole", ["iam:CreateServiceLinkedRole"], "*", {
            Condition: { StringEquals: { "iam:AWSServiceName": "autoscaling.amazonaws.com" } },
          })
        : []),
      // Source: Amazon EBS User Guide, "Requirements for Amazon EBS encryption", permissions for users
      ...(keys.length > 0
        ? allow(
            "Keys",
            [
              "kms:CreateGrant",
              "kms:Decrypt",
              "kms:DescribeKey",
              "kms:GenerateDataKeyWithoutPlaintext",
              "kms:ReEncryptFrom",
              "kms:ReEncryptTo",
            ],
            [...keys],
          )
        : []),
      ...allow("Doctor", OF_DOCTOR, "*"),
    ],
  };
}

/** Source: AWS General Reference, "Amazon Resource Names (ARNs)": the partition of a region. */
function partitionOf(region = ""): string {
  if (region.startsWith("cn-")) return "aws-cn";
  return region.startsWith("us-gov-") ? "aws-us-gov" : "aws";
}
