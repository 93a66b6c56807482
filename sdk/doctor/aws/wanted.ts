import type { Arch } from "../../core/arch.ts";
import type { Definition } from "../../definition/definition.ts";
import { ROLLOUT_DEFAULTS } from "../../rollout/defaults.ts";
import { type Asked, buildOf, healthPorts, ofType } from "../cloud.ts";
import type { Registered } from "../program-run.ts";
import type { Part, PolicyFacts } from "./permissions.ts";

/** A machine or fleet as the checks see it. */
export interface AwsMachines {
  /** `machine web`, `fleet web` */
  readonly name: string;
  readonly isFleet: boolean;
  readonly instanceType: string;
  readonly arch: Arch;
  /** How many there are at the most, in a rollout too. */
  readonly count: number;
  readonly subnets: readonly string[];
  readonly groups: readonly string[];
  /** Whether the program gives each a public address; undefined: as the subnet says. */
  readonly publicIp: boolean | undefined;
  readonly profile: string | undefined;
  /** Whether a load balancer's health checks decide. */
  readonly hasBalancer: boolean;
  readonly ports: readonly number[];
  readonly definition: Definition | undefined;
  readonly tpm: boolean;
}

const AMI = "aws:ec2/ami:Ami";
const INSTANCE = "aws:ec2/instance:Instance";
const TEMPLATE = "aws:ec2/launchTemplate:LaunchTemplate";
const GROUP = "aws:autoscaling/group:Group";

/** Inputs of Pulumi's classes, as far as the checks read them. */
interface Launch {
  readonly ami?: string;
  readonly imageId?: string;
  readonly instanceType?: string;
  readonly subnetId?: string;
  readonly vpcSecurityGroupIds?: readonly string[];
  readonly associatePublicIpAddress?: boolean;
  readonly iamInstanceProfile?: string | { readonly name?: string };
  readonly networkInterfaces?: readonly { readonly associatePublicIpAddress?: string; readonly securityGroups?: readonly string[] }[];
}

interface GroupInputs {
  readonly desiredCapacity?: number;
  readonly vpcZoneIdentifiers?: readonly string[];
  readonly targetGroupArns?: readonly string[];
  readonly launchTemplate?: { readonly id?: string };
}

/** The machines and fleets of a program, or of the command's options. */
export function wantedMachines({ resources, machines }: Asked): readonly AwsMachines[] {
  if (machines) {
    const { port, groups, ...given } = machines;
    const none = { publicIp: undefined, profile: undefined, hasBalancer: false, definition: undefined, tpm: false };
    return [{ ...given, ...none, name: "machines", isFleet: given.count > 1, groups, ports: port === undefined ? [] : [port] }];
  }
  const single = ofType(resources, INSTANCE).map(({ name, inputs }) => {
    const { subnetId, ...launch } = inputs as Launch;
    const subnets = subnetId === undefined ? [] : [subnetId];
    return {
      name: `machine ${name.replace(/-instance$/, "")}`,
      isFleet: false,
      count: 1,
      subnets,
      hasBalancer: false,
      ...launched(launch, resources),
    };
  });
  const fleets = ofType(resources, GROUP).flatMap(({ name, inputs }) => {
    const { desiredCapacity = 1, vpcZoneIdentifiers: subnets = [], targetGroupArns = [], launchTemplate } = inputs as GroupInputs;
    const template = ofType(resources, TEMPLATE).find(({ id }) => id === launchTemplate?.id);
    const launch = (template?.inputs ?? {}) as Launch;
    const gate = ofType(resources, "linuxkit:index:RolloutGate").find((gate) => gate.inputs["group"] === name);
    const { maxHealthyPercentage = ROLLOUT_DEFAULTS.maxHealthyPercentage } = (gate?.inputs ?? {}) as {
      readonly maxHealthyPercentage?: number;
    };
    const count = Math.max(desiredCapacity, Math.ceil((desiredCapacity * maxHealthyPercentage) / 100));
    const fleet = String(gate?.inputs["fleet"] ?? name);
    return {
      name: `fleet ${fleet}`,
      isFleet: true,
      count,
      subnets,
      hasBalancer: targetGroupArns.length > 0,
      ...launched(launch, resources),
    };
  });
  return [...single, ...fleets];
}

function launched(launch: Launch, resources: readonly Registered[] | undefined) {
  const { instanceType = "", vpcSecurityGroupIds, associatePublicIpAddress, iamInstanceProfile, networkInterfaces = [] } = launch;
  const [first] = networkInterfaces;
  const ami = ofType(resources, AMI).find(({ id }) => id === (launch.ami ?? launch.imageId));
  const { tags, tpmSupport } = (ami?.inputs ?? {}) as { readonly tags?: Readonly<Record<string, string>>; readonly tpmSupport?: string };
  const build = buildOf(resources, tags?.["linuxkit:build"]);
  const publicIp =
    associatePublicIpAddress ?? (first?.associatePublicIpAddress === undefined ? undefined : first.associatePublicIpAddress === "true");
  return {
    instanceType,
    arch: build?.arch ?? "amd64",
    groups: vpcSecurityGroupIds ?? first?.securityGroups ?? [],
    publicIp,
    profile: typeof iamInstanceProfile === "object" ? iamInstanceProfile.name : iamInstanceProfile,
    ports: healthPorts(build?.definition),
    definition: build?.definition,
    tpm: tpmSupport !== undefined,
  } as const;
}

/** Every part of a program; all that need no option, where there is no program. */
export function partsOf({ resources, machines }: Asked): readonly Part[] {
  if (!resources) return machines ? ["image", machines.count > 1 ? "fleet" : "machine"] : ["image", "machine", "fleet"];
  const types: Readonly<Record<string, Part>> = {
    "linuxkit:index:AwsSnapshot": "image",
    "aws:ec2/amiCopy:AmiCopy": "copies",
    [INSTANCE]: "machine",
    "aws:ebs/volume:Volume": "volumes",
    [GROUP]: "fleet",
  };
  return [...new Set(resources.flatMap(({ type }) => types[type] ?? []))];
}

/** What the policy of a program is for. */
export function policyFacts(asked: Asked, region: string | undefined): PolicyFacts {
  const copies = ofType(asked.resources, "aws:ec2/amiCopy:AmiCopy").map(({ inputs }) => inputs["region"]);
  const keys = ofType(asked.resources, "linuxkit:index:AwsSnapshot").map(({ inputs }) => inputs["kmsKeyArn"]);
  const texts = (values: readonly unknown[]): string[] => [...new Set(values.filter((value) => typeof value === "string"))] as string[];
  return {
    parts: partsOf(asked),
    regions: texts([region, ...(region === undefined ? [] : copies)]),
    hasProfile: wantedMachines(asked).some(({ profile }) => profile !== undefined),
    keys: texts(keys),
  };
}
