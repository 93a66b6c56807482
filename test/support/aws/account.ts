/**
 * Plays what an account of AWS has and may do: dry runs, instance types, networks, quotas.
 *
 * Source: Amazon EC2 API Reference: DescribeSubnets, DescribeRouteTables, DescribeSecurityGroups, DescribeInstanceTypes,
 * DescribeInstanceTypeOfferings, DescribeInstances, GetEbsEncryptionByDefault, GetEbsDefaultKmsKeyId, and the parameter DryRun; Amazon
 * EC2 Auto Scaling API Reference: DescribeAccountLimits; Service Quotas API Reference: GetServiceQuota.
 * Judged by: test/doctor/aws-moto.judge.test.ts asks moto the same questions.
 */
import { AwsRefusal } from "./ebs-snapshots.ts";
import { INSTANCE_TYPES } from "./instance-types.ts";

interface StoredSubnet {
  vpc: string;
  zone: string;
  free: number;
  isPublic: boolean;
}

interface StoredRoute {
  readonly to: string;
  readonly gateway: string;
  readonly state?: "active" | "blackhole";
}

interface StoredGroup {
  readonly ports: readonly number[];
  readonly egress: boolean;
}

/** A good account: change a member to plant a problem. */
export class AwsAccount {
  /** Actions that the credentials may not do: `ec2:RegisterImage`. */
  readonly denied = new Set<string>();
  /** Operations whose dry run fails with this code, as for an object that does not exist. */
  readonly failing = new Map<string, string>();
  encryptsByDefault = true;
  key = "alias/aws/ebs";
  readonly quotas = new Map([["L-1216C47A", 64]]);
  readonly groups = { most: 500, used: 3 };
  /** Types of running instances. */
  running: string[] = ["t3.micro"];
  /** vCPUs by type. */
  readonly vcpus: Record<string, number> = { "t3.micro": 2, "t3.small": 2, "m7i.large": 2, "m7g.large": 2, "p4d.24xlarge": 96 };
  /** `zone type` of what a zone lacks. */
  readonly lacking = new Set<string>();
  readonly subnets = new Map<string, StoredSubnet>([
    ["subnet-1", { vpc: "vpc-1", zone: "eu-central-1a", free: 250, isPublic: true }],
    ["subnet-2", { vpc: "vpc-1", zone: "eu-central-1b", free: 250, isPublic: true }],
  ]);
  /** Of the VPC's main table. */
  routes: StoredRoute[] = [
    { to: "10.0.0.0/16", gateway: "local" },
    { to: "0.0.0.0/0", gateway: "igw-1" },
  ];
  readonly securityGroups = new Map<string, StoredGroup>([["sg-web", { ports: [80], egress: true }]]);

  /** The answer to an action of the query protocol; undefined for one that is not about the account. */
  query(action: string, form: URLSearchParams): string | undefined {
    if (this.denied.has(`ec2:${action}`) || this.denied.has(`autoscaling:${action}`))
      throw new AwsRefusal(403, "UnauthorizedOperation", "You are not authorized to perform this operation.");
    if (form.get("DryRun") === "true") {
      const code = this.failing.get(action);
      if (code !== undefined) throw new AwsRefusal(400, code, "does not exist");
      throw new AwsRefusal(412, "DryRunOperation", "Request would have succeeded, but DryRun flag is set.");
    }
    const body = this.#answer(action, form);
    return body === undefined ? undefined : `<${action}Response><requestId>r</requestId>${body}</${action}Response>`;
  }

  /** The answer of Service Quotas. */
  quota(action: string, body: string): string {
    if (this.denied.has(`servicequotas:${action}`)) throw new AwsRefusal(400, "AccessDeniedException", "User is not authorized");
    const { ServiceCode, QuotaCode } = JSON.parse(body) as { ServiceCode: string; QuotaCode: string };
    const value = ServiceCode === "ec2" ? this.quotas.get(QuotaCode) : undefined;
    if (value === undefined)
      throw new AwsRefusal(400, "NoSuchResourceException", "The request failed because the specified quota does not exist.");
    return JSON.stringify({ Quota: { ServiceCode, QuotaCode, Value: value } });
  }

  #answer(action: string, form: URLSearchParams): string | undefined {
    switch (action) {
      case "GetEbsEncryptionByDefault":
        return `<ebsEncryptionByDefault>${this.encryptsByDefault}</ebsEncryptionByDefault>`;
      case "GetEbsDefaultKmsKeyId":
        return `<kmsKeyId>${this.key}</kmsKeyId>`;
      case "DescribeInstanceTypes":
        return set(
          "instanceTypeSet",
          list(form, "InstanceType").map((name) => this.#type(name)),
        );
      case "DescribeInstanceTypeOfferings": {
        const [type = "", zone = ""] = ["instance-type", "location"].map((name) => filter(form, name)[0] ?? "");
        const offered = this.lacking.has(`${zone} ${type}`) ? [] : [`<instanceType>${type}</instanceType><location>${zone}</location>`];
        return set("instanceTypeOfferingSet", offered);
      }
      case "DescribeInstances":
        return set("reservationSet", [
          set(
            "instancesSet",
            this.running.map((type) => `<instanceType>${type}</instanceType>`),
          ),
        ]);
      case "DescribeSubnets":
        return set(
          "subnetSet",
          list(form, "SubnetId").map((id) => this.#subnet(id)),
        );
      case "DescribeRouteTables":
        // every subnet uses the main table
        return set("routeTableSet", filter(form, "association.main").length === 0 ? [] : [set("routeSet", this.routes.map(route))]);
      case "DescribeSecurityGroups":
        return set(
          "securityGroupInfo",
          list(form, "GroupId").map((id) => this.#group(id)),
        );
      case "DescribeAccountLimits":
        return `<DescribeAccountLimitsResult><MaxNumberOfAutoScalingGroups>${this.groups.most}</MaxNumberOfAutoScalingGroups><NumberOfAutoScalingGroups>${this.groups.used}</NumberOfAutoScalingGroups></DescribeAccountLimitsResult>`;
      default:
        return undefined;
    }
  }

  #type(name: string): string {
    const facts = INSTANCE_TYPES[name];
    if (!facts) throw new AwsRefusal(400, "InvalidInstanceType", `The following supplied instance types do not exist: [${name}]`);
    const { supportedArchitectures, bootModes, nitroTpmSupport, hypervisor } = facts;
    return `<instanceType>${name}</instanceType><vCpuInfo><defaultVCpus>${this.vcpus[name] ?? 2}</defaultVCpus></vCpuInfo><processorInfo>${set("supportedArchitectures", supportedArchitectures)}</processorInfo>${set("supportedBootModes", bootModes)}<nitroTpmSupport>${nitroTpmSupport}</nitroTpmSupport><bareMetal>${hypervisor === ""}</bareMetal>${hypervisor && `<hypervisor>${hypervisor}</hypervisor>`}`;
  }

  #subnet(id: string): string {
    const subnet = this.subnets.get(id);
    if (!subnet) throw new AwsRefusal(400, "InvalidSubnetID.NotFound", `The subnet ID '${id}' does not exist`);
    const { vpc, zone, free, isPublic } = subnet;
    return `<subnetId>${id}</subnetId><vpcId>${vpc}</vpcId><availabilityZone>${zone}</availabilityZone><availableIpAddressCount>${free}</availableIpAddressCount><mapPublicIpOnLaunch>${isPublic}</mapPublicIpOnLaunch>`;
  }

  #group(id: string): string {
    const group = this.securityGroups.get(id);
    if (!group) throw new AwsRefusal(400, "InvalidGroup.NotFound", `The security group '${id}' does not exist`);
    const rules = group.ports.map((port) => `<ipProtocol>tcp</ipProtocol><fromPort>${port}</fromPort><toPort>${port}</toPort>`);
    return `<groupId>${id}</groupId>${set("ipPermissions", rules)}${set("ipPermissionsEgress", group.egress ? ["<ipProtocol>-1</ipProtocol>"] : [])}`;
  }
}

function route({ to, gateway, state = "active" }: StoredRoute): string {
  const target = gateway.startsWith("nat-") ? "natGatewayId" : "gatewayId";
  return `<destinationCidrBlock>${to}</destinationCidrBlock><${target}>${gateway}</${target}><state>${state}</state>`;
}

function set(name: string, items: readonly string[]): string {
  return `<${name}>${items.map((item) => `<item>${item}</item>`).join("")}</${name}>`;
}

function list(form: URLSearchParams, name: string): string[] {
  const values: string[] = [];
  for (let at = 1; form.has(`${name}.${at}`); at++) values.push(form.get(`${name}.${at}`) as string);
  return values;
}

/** The values of a filter. */
function filter(form: URLSearchParams, name: string): string[] {
  for (let at = 1; form.has(`Filter.${at}.Name`); at++) if (form.get(`Filter.${at}.Name`) === name) return list(form, `Filter.${at}.Value`);
  return [];
}
