import type { EC2Client } from "@aws-sdk/client-ec2";
import { fromAws } from "../../../providers/aws/plugin/access/failure.ts";
import { forEachParallel } from "../../core/parallel.ts";
import { type Finding, findingsOf } from "../finding.ts";
import { actionsOf, type Part } from "./permissions.ts";
import type { AwsMachines } from "./wanted.ts";

/** Ids that nothing has. A dry run names them only because the request needs an id. */
const NO = { ami: "ami-00000000000000000", instance: "i-00000000000000000", snapshot: "snap-00000000000000000" } as const;
const NO_MORE = { volume: "vol-00000000000000000", template: "lt-00000000000000000" } as const;
const NAME = "pulumi-linuxkit-doctor";

/**
 * What is sent with `DryRun` for each of EC2's operations.
 *
 * Source: Amazon EC2 API Reference: each operation's parameter DryRun, "Checks whether you have the required permissions for the
 * action, without actually making the request".
 */
export const DRY_RUNS: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  AttachVolume: { Device: "/dev/sdf", InstanceId: NO.instance, VolumeId: NO_MORE.volume },
  CopyImage: { Name: NAME, SourceImageId: NO.ami, SourceRegion: "us-east-1" },
  CreateLaunchTemplate: { LaunchTemplateName: NAME, LaunchTemplateData: { InstanceType: "t3.micro" } },
  CreateLaunchTemplateVersion: { LaunchTemplateId: NO_MORE.template, LaunchTemplateData: { InstanceType: "t3.micro" } },
  CreateTags: { Resources: [NO.snapshot], Tags: [{ Key: NAME, Value: "" }] },
  CreateVolume: { AvailabilityZone: "us-east-1a", Size: 1, VolumeType: "gp3" },
  DeleteLaunchTemplate: { LaunchTemplateId: NO_MORE.template },
  DeleteSnapshot: { SnapshotId: NO.snapshot },
  DeleteTags: { Resources: [NO.snapshot], Tags: [{ Key: NAME }] },
  DeleteVolume: { VolumeId: NO_MORE.volume },
  DeregisterImage: { ImageId: NO.ami },
  DescribeImages: { Owners: ["self"] },
  DescribeInstanceAttribute: { Attribute: "userData", InstanceId: NO.instance },
  DescribeInstanceCreditSpecifications: {},
  DescribeInstanceTypes: {},
  DescribeInstances: {},
  DescribeLaunchTemplateVersions: { LaunchTemplateId: NO_MORE.template },
  DescribeLaunchTemplates: {},
  DescribeSnapshots: { OwnerIds: ["self"] },
  DescribeSubnets: {},
  DescribeVolumes: {},
  DetachVolume: { VolumeId: NO_MORE.volume },
  ModifyImageAttribute: { ImageId: NO.ami, Description: { Value: NAME } },
  ModifyInstanceAttribute: { InstanceId: NO.instance, Groups: [] },
  ModifyInstanceMetadataOptions: { InstanceId: NO.instance, HttpTokens: "required" },
  ModifyLaunchTemplate: { LaunchTemplateId: NO_MORE.template, DefaultVersion: "1" },
  ModifyVolume: { VolumeId: NO_MORE.volume, Size: 1 },
  RegisterImage: {
    Name: NAME,
    Architecture: "x86_64",
    RootDeviceName: "/dev/xvda",
    BlockDeviceMappings: [{ DeviceName: "/dev/xvda", Ebs: { SnapshotId: NO.snapshot } }],
  },
  RunInstances: { ImageId: NO.ami, InstanceType: "t3.micro", MinCount: 1, MaxCount: 1 },
  StartInstances: { InstanceIds: [NO.instance] },
  StopInstances: { InstanceIds: [NO.instance] },
  TerminateInstances: { InstanceIds: [NO.instance] },
};

/** Dry runs at the same time: EC2 limits how often an account may ask. */
const AT_ONCE = 6;

type Answer = "may" | "may not" | "unknown";

/** What a dry run's error says. Source: Amazon EC2 API Reference, "Common client error codes". */
function answerOf(error: unknown): Answer {
  if (error === undefined) return "may";
  const { name = "" } = (error ?? {}) as { readonly name?: string };
  if (name === "DryRunOperation") return "may";
  return name === "UnauthorizedOperation" ? "may not" : "unknown";
}

/** Codes with which EC2 refuses the credentials themselves. */
const BAD_CREDENTIALS = [
  "AuthFailure",
  "InvalidClientTokenId",
  "ExpiredToken",
  "RequestExpired",
  "CredentialsProviderError",
  "Blocked",
  "OptInRequired",
];

/**
 * Asks EC2, by dry runs, whether the credentials may do what the parts of a program need. Auto Scaling and EBS direct have no dry
 * run: those actions are named, and not tried.
 */
export async function checkRights(
  ec2: EC2Client,
  parts: readonly Part[],
  machines: readonly AwsMachines[],
  signal: AbortSignal,
): Promise<readonly Finding[]> {
  const { ok, warning, refused } = findingsOf("rights");
  const actions = actionsOf(parts);
  const tried = actions.filter((action) => action.startsWith("ec2:"));
  const commands = (await import("@aws-sdk/client-ec2")) as unknown as Readonly<
    Record<string, new (input: object) => Parameters<EC2Client["send"]>[0]>
  >;
  const answers: (readonly [action: string, answer: Answer])[] = [];
  await forEachParallel(tried, AT_ONCE, signal, async (action, signal) => {
    const operation = action.slice("ec2:".length);
    const Command = commands[`${operation}Command`] as (typeof commands)[string];
    const profile = machines.find(({ profile }) => profile !== undefined)?.profile;
    const role = operation === "RunInstances" && profile !== undefined ? { IamInstanceProfile: { Name: profile } } : {};
    const error = await ec2.send(new Command({ ...DRY_RUNS[operation], ...role, DryRun: true }), { abortSignal: signal }).then(
      () => undefined,
      (error: unknown) => error,
    );
    const { name = "", $metadata } = (error ?? {}) as {
      readonly name?: string;
      readonly $metadata?: { readonly httpStatusCode?: number };
    };
    if (BAD_CREDENTIALS.includes(name) || (error !== undefined && $metadata?.httpStatusCode === undefined))
      throw fromAws(error, operation, signal);
    answers.push([action, answerOf(error)]);
  });
  answers.sort(([one], [other]) => tried.indexOf(one) - tried.indexOf(other));
  const named = (wanted: Answer): string[] => answers.filter(([, answer]) => answer === wanted).map(([action]) => action);
  const untried = actions.filter((action) => !action.startsWith("ec2:"));
  const [may, unknown] = [named("may"), named("unknown")];
  return [
    ...named("may not").map((action) =>
      refused(
        action,
        "the credentials may not do this",
        `allow ${action} in the policy of your user or role; --policy prints all that is needed`,
      ),
    ),
    ...(may.length > 0 ? [ok("EC2", `the credentials may do ${may.length} of ${tried.length} actions that were tried by dry runs`)] : []),
    ...(unknown.length > 0
      ? [warning("EC2", `AWS did not say whether they may do ${unknown.join(", ")}`, "compare your policy with what --policy prints")]
      : []),
    ...(untried.length > 0 ? [ok("not tried", `AWS has no dry run of ${untried.join(", ")}: compare your policy with --policy`)] : []),
  ];
}
