import type { Input } from "@pulumi/pulumi/output.js";
import { isDeferred } from "../../sdk/core/deferred.ts";
import type { CloudFleetArgs, MachineArgs } from "../../sdk/machine/args.ts";
import { atMostBytes, matching, type Refuse, refuser, ruled, whole } from "../../sdk/machine/check-arguments.ts";
import { ROLLOUT_DEFAULTS } from "../../sdk/rollout/defaults.ts";
import { ruledTags } from "./tags.ts";

/** What a machine and a fleet both are launched with. */
interface Launched extends Pick<MachineArgs<unknown>, "instanceType" | "userData" | "tags"> {
  readonly iamInstanceProfile?: Input<string> | undefined;
  readonly securityGroupIds?: Input<readonly Input<string>[]> | undefined;
}

/** A machine's arguments that are checked here. */
interface MachineArguments extends Launched {
  readonly subnetId?: Input<string> | undefined;
}

/** A fleet's arguments that are checked here. */
interface FleetArguments extends Launched, Pick<CloudFleetArgs<unknown>, "count" | "timeoutSeconds" | "healthCheckGracePeriod"> {
  readonly subnetIds: Input<readonly Input<string>[]>;
  readonly targetGroupArns?: Input<readonly Input<string>[]> | undefined;
  readonly instanceWarmup?: Input<number> | undefined;
  readonly minHealthyPercentage?: Input<number> | undefined;
  readonly maxHealthyPercentage?: Input<number> | undefined;
}

/** Source: EC2 User Guide, "Run commands when you launch an EC2 instance with user data input": 16 KB before it is encoded. */
const userData = atMostBytes(16_384);

const instanceType = matching(/^[a-z0-9-]+\.[a-z0-9-]+$/, "an instance type, such as t3.micro");

/** Source: AWS IAM API Reference, "CreateInstanceProfile", InstanceProfileName. The components name the profile, and give no ARN. */
const profile = matching(/^[\w+=,.@-]{1,128}$/, "the name of an instance profile, which is not its ARN");

const every = (pattern: RegExp, wanted: string) => (values: readonly string[]) =>
  values.map(matching(pattern, wanted)).find((problem) => problem !== undefined);

function checkedLaunch<Args extends Launched>(refuse: Refuse, args: Args): Args {
  return {
    ...args,
    instanceType: ruled(refuse, "instanceType", args.instanceType, instanceType),
    userData: ruled(refuse, "userData", args.userData, userData),
    iamInstanceProfile: ruled(refuse, "iamInstanceProfile", args.iamInstanceProfile, profile),
    securityGroupIds: ruled(refuse, "securityGroupIds", args.securityGroupIds, every(/^sg-/, "the id of a security group, sg-…")),
    tags: ruledTags(refuse, args.tags, 3),
  };
}

/** Checks what AWS would refuse only after the upload, where it is known. @throws INVALID_DEFINITION */
export function checkedMachine<Args extends MachineArguments>(name: string, args: Args): Args {
  const refuse = refuser(`machine "${name}"`);
  return {
    ...checkedLaunch(refuse, args),
    subnetId: ruled(refuse, "subnetId", args.subnetId, matching(/^subnet-/, "the id of a subnet, subnet-…")),
  };
}

/**
 * Source: hashicorp/terraform-provider-aws, internal/verify, ValidLaunchTemplateName: 3 to 128 letters, digits and ( ) . - / _;
 * Pulumi adds `-template-` and 7 digits to a resource's name.
 */
const fleetName = matching(
  /^[A-Za-z0-9()./_-]{1,105}$/,
  "at most 105 letters, digits and ( ) . - / _: it begins the launch template's name",
);

/** Checks what AWS would refuse only after the upload, where it is known. @throws INVALID_DEFINITION */
export function checkedFleet<Args extends FleetArguments>(name: string, args: Args): Args {
  const refuse = refuser(`fleet "${name}"`);
  refuse("name", fleetName(name));
  const { minHealthyPercentage: least, maxHealthyPercentage: most, timeoutSeconds } = args;
  if (timeoutSeconds !== undefined && !(timeoutSeconds > 0)) refuse("timeoutSeconds", `got ${timeoutSeconds}, wanted more than 0`);
  const seconds = whole({ least: 0, unit: "seconds" });
  const subnets = every(/^subnet-/, "the ids of subnets, subnet-…");
  const checked: Args = {
    ...checkedLaunch(refuse, args),
    count: ruled(refuse, "count", args.count, whole({ least: 0 })),
    subnetIds: ruled(refuse, "subnetIds", args.subnetIds, (ids: readonly string[]) =>
      ids.length === 0 ? "got none, wanted at least one subnet" : subnets(ids),
    ),
    targetGroupArns: ruled(
      refuse,
      "targetGroupArns",
      args.targetGroupArns,
      every(/^arn:aws[a-z-]*:elasticloadbalancing:.+:targetgroup\//, "ARNs of target groups"),
    ),
    healthCheckGracePeriod: ruled(refuse, "healthCheckGracePeriod", args.healthCheckGracePeriod, seconds),
    instanceWarmup: ruled(refuse, "instanceWarmup", args.instanceWarmup, seconds),
    minHealthyPercentage: ruled(refuse, "minHealthyPercentage", least, whole({ least: 0, most: 100, unit: "percent" })),
    maxHealthyPercentage: ruled(refuse, "maxHealthyPercentage", most, whole({ least: 100, most: 200, unit: "percent" })),
  };
  if (!isDeferred(least) && !isDeferred(most)) refuse("maxHealthyPercentage", rangeProblem(least as number, most as number));
  return checked;
}

/** Source: Amazon EC2 Auto Scaling API Reference, "RefreshPreferences", MaxHealthyPercentage. */
export function rangeProblem(
  least: number = ROLLOUT_DEFAULTS.minHealthyPercentage,
  most: number = ROLLOUT_DEFAULTS.maxHealthyPercentage,
): string | undefined {
  if (most - least <= 100) return undefined;
  return `got ${most} beside minHealthyPercentage ${least}, wanted at most 100 more: AWS refuses a wider range`;
}
