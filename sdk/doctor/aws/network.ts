import {
  DescribeInstanceTypeOfferingsCommand,
  DescribeRouteTablesCommand,
  DescribeSecurityGroupsCommand,
  DescribeSubnetsCommand,
  type EC2Client,
  type IpPermission,
  type Route,
  type SecurityGroup,
  type Subnet,
} from "@aws-sdk/client-ec2";
import { fromAws } from "../../../providers/aws/plugin/access/failure.ts";
import { type Finding, findingsOf } from "../finding.ts";
import type { AwsMachines } from "./wanted.ts";

/**
 * Whether each subnet exists, has addresses and the type, and leads out. Metadata and time (169.254.169.254, 169.254.169.123) need
 * no route: they are link-local.
 *
 * Source: Amazon VPC User Guide, "Subnet route tables"; Amazon EC2 User Guide, "Amazon Time Sync Service" and "Use instance metadata".
 */
export async function checkSubnets(ec2: EC2Client, machines: AwsMachines, signal: AbortSignal): Promise<readonly Finding[]> {
  const { ok, refused } = findingsOf("subnet");
  const { name, subnets, count } = machines;
  const findings: Finding[] = [];
  for (const id of subnets) {
    const subnet = await describeSubnet(ec2, id, signal);
    if (!subnet) {
      findings.push(refused(id, `not found in this account and region (${name})`, "name a subnet of the region in which the update runs"));
      continue;
    }
    const share = Math.ceil(count / subnets.length);
    const free = subnet.AvailableIpAddressCount ?? 0;
    if (free < share)
      findings.push(refused(id, `${free} addresses are free, ${name} wants ${share} there`, "name a larger subnet, or more of them"));
    else findings.push(ok(id, `${free} addresses are free in ${subnet.AvailabilityZone}; metadata and time need no route`));
    findings.push(...(await offering(ec2, machines, subnet, signal)), await wayOut(ec2, machines, subnet, signal));
  }
  return findings;
}

async function describeSubnet(ec2: EC2Client, id: string, signal: AbortSignal): Promise<Subnet | undefined> {
  const { Subnets: [subnet] = [] } = await ec2
    .send(new DescribeSubnetsCommand({ SubnetIds: [id] }), { abortSignal: signal })
    .catch((error: unknown) => {
      if (/^InvalidSubnetI[dD]\./.test((error as Error).name)) return { Subnets: [] };
      throw fromAws(error, `DescribeSubnets ${id}`, signal);
    });
  return subnet;
}

/** Source: Amazon EC2 API Reference, DescribeInstanceTypeOfferings: a zone has not every type of its region. */
async function offering(
  ec2: EC2Client,
  { instanceType, name }: AwsMachines,
  { AvailabilityZone: zone = "", SubnetId = "" }: Subnet,
  signal: AbortSignal,
): Promise<readonly Finding[]> {
  const Filters = [
    { Name: "instance-type", Values: [instanceType] },
    { Name: "location", Values: [zone] },
  ];
  const { InstanceTypeOfferings = [] } = await ec2
    .send(new DescribeInstanceTypeOfferingsCommand({ LocationType: "availability-zone", Filters }), { abortSignal: signal })
    .catch((error: unknown) => {
      throw fromAws(error, "DescribeInstanceTypeOfferings", signal);
    });
  if (InstanceTypeOfferings.length > 0) return [];
  const { refused } = findingsOf("subnet");
  return [refused(SubnetId, `its zone ${zone} has no ${instanceType} (${name})`, "name a subnet in another zone, or another type")];
}

/** Whether machines there reach what is outside the VPC: a public time server, Secrets Manager, a registry. */
async function wayOut(
  ec2: EC2Client,
  { publicIp }: AwsMachines,
  { SubnetId = "", VpcId = "", MapPublicIpOnLaunch = false }: Subnet,
  signal: AbortSignal,
): Promise<Finding> {
  const { ok, warning, refused } = findingsOf("route");
  const route = (await routesOf(ec2, SubnetId, VpcId, signal)).find(({ DestinationCidrBlock }) => DestinationCidrBlock === "0.0.0.0/0");
  const needs = "services reach nothing outside the VPC: add a NAT gateway, or endpoints for what they use (Secrets Manager, SSM, S3)";
  if (!route) return warning(SubnetId, "its route table has no default route", needs);
  const target = route.NatGatewayId ?? route.TransitGatewayId ?? route.NetworkInterfaceId ?? route.InstanceId ?? route.GatewayId ?? "";
  if (route.State === "blackhole")
    return refused(SubnetId, `its default route leads to ${target}, which is gone (blackhole)`, "point the route at a gateway that exists");
  if (target.startsWith("igw-") && !(publicIp ?? MapPublicIpOnLaunch))
    return warning(
      SubnetId,
      `its default route leads to ${target}, but machines get no public address`,
      "set publicIp: true, or add a NAT gateway",
    );
  return ok(SubnetId, `its default route leads to ${target}`);
}

/** Routes of a subnet's own table, else of the VPC's main table. */
async function routesOf(ec2: EC2Client, subnet: string, vpc: string, signal: AbortSignal): Promise<readonly Route[]> {
  const table = async (Filters: { Name: string; Values: string[] }[]) => {
    const { RouteTables: [found] = [] } = await ec2
      .send(new DescribeRouteTablesCommand({ Filters }), { abortSignal: signal })
      .catch((error: unknown) => {
        throw fromAws(error, `DescribeRouteTables ${subnet}`, signal);
      });
    return found;
  };
  const own = await table([{ Name: "association.subnet-id", Values: [subnet] }]);
  const used =
    own ??
    (await table([
      { Name: "vpc-id", Values: [vpc] },
      { Name: "association.main", Values: ["true"] },
    ]));
  return used?.Routes ?? [];
}

/**
 * Whether security groups let a load balancer's health checks in, and machines out.
 *
 * Source: Amazon VPC User Guide, "Security group rules": what no rule allows is refused.
 */
export async function checkFirewall(ec2: EC2Client, machines: AwsMachines, signal: AbortSignal): Promise<readonly Finding[]> {
  const { ok, warning, refused } = findingsOf("firewall");
  const { name, groups, ports, hasBalancer } = machines;
  if (groups.length === 0)
    return ports.length === 0
      ? []
      : [
          warning(
            name,
            `uses its VPC's default security group, which lets nobody else in on port ${ports.join(", ")}`,
            "set securityGroupIds to a group that opens the port",
          ),
        ];
  const { SecurityGroups = [] } = await ec2
    .send(new DescribeSecurityGroupsCommand({ GroupIds: [...groups] }), { abortSignal: signal })
    .catch((error: unknown) => {
      if (/^InvalidGroup/.test((error as Error).name)) return { SecurityGroups: [] as SecurityGroup[] };
      throw fromAws(error, `DescribeSecurityGroups ${groups.join(", ")}`, signal);
    });
  if (SecurityGroups.length < groups.length)
    return [refused(groups.join(", "), `not found in this account and region (${name})`, "name security groups of the subnets' VPC")];
  const closed = ports.filter((port) => !SecurityGroups.some(({ IpPermissions = [] }) => IpPermissions.some((rule) => opens(rule, port))));
  const findings = closed.map((port) =>
    (hasBalancer ? refused : warning)(
      name,
      `no rule of ${groups.join(", ")} lets anybody in on port ${port}${hasBalancer ? ": health checks fail, and every rollout is rolled back" : ""}`,
      `add an inbound rule for TCP ${port}${hasBalancer ? " from the load balancer's security group" : ""}`,
    ),
  );
  const isShut = SecurityGroups.every(({ IpPermissionsEgress = [] }) => IpPermissionsEgress.length === 0);
  if (isShut)
    findings.push(warning(name, `no rule of ${groups.join(", ")} lets machines out`, "add an outbound rule for what their services use"));
  return findings.length > 0 ? findings : [ok(name, `${groups.join(", ")} open ${ports.length > 0 ? ports.join(", ") : "what they name"}`)];
}

function opens({ IpProtocol, FromPort = 0, ToPort = 65535 }: IpPermission, port: number): boolean {
  return IpProtocol === "-1" || (IpProtocol === "tcp" && FromPort <= port && port <= ToPort);
}
