import { type Finding, findingsOf } from "../finding.ts";
import { get, type Group } from "./account.ts";
import type { AzureMachines } from "./wanted.ts";

const API_VERSION = "2024-05-01";

/** Source: Microsoft Learn, REST API "Subnets - Get" and "Network Security Groups - Get". */
interface Subnet {
  readonly properties: {
    readonly addressPrefix?: string;
    readonly addressPrefixes?: readonly string[];
    readonly networkSecurityGroup?: { readonly id: string };
    readonly natGateway?: { readonly id: string };
    readonly routeTable?: { readonly id: string };
    readonly defaultOutboundAccess?: boolean;
    readonly ipConfigurations?: readonly unknown[];
  };
}

interface Rule {
  readonly name: string;
  readonly properties: {
    readonly access: "Allow" | "Deny";
    readonly direction: "Inbound" | "Outbound";
    readonly priority: number;
    readonly protocol: string;
    readonly sourceAddressPrefix?: string;
    readonly destinationAddressPrefix?: string;
    readonly destinationPortRange?: string;
    readonly destinationPortRanges?: readonly string[];
  };
}

/** Addresses that Azure keeps in each subnet. Source: Microsoft Learn, "Azure Virtual Network FAQ". */
const KEPT = 5;

/** Whether the subnet exists, has addresses and a way out, and lets probes in and metadata through. */
export async function checkNetwork(group: Group, machines: AzureMachines): Promise<readonly Finding[]> {
  const { ok, warning, refused } = findingsOf("subnet");
  const { name, subnet: id, count, hasPublicIp } = machines;
  if (id === undefined) return [];
  const short = id.split("/").at(-1) ?? "";
  const subnet = await get<Subnet>(group, id, API_VERSION, `subnet ${short}`);
  if (!subnet)
    return [
      refused(short, `not found (${name})`, "name the id of a subnet in the machines' region: az network vnet subnet show --query id"),
    ];
  const {
    addressPrefix,
    addressPrefixes = [],
    ipConfigurations = [],
    natGateway,
    defaultOutboundAccess,
    networkSecurityGroup,
  } = subnet.properties;
  const prefix = addressPrefix ?? addressPrefixes[0] ?? "0.0.0.0/0";
  const free = 2 ** (32 - Number(prefix.split("/")[1])) - KEPT - ipConfigurations.length;
  const findings =
    free < count
      ? [refused(short, `${prefix} has ${free} free addresses, ${name} wants ${count}`, "name a larger subnet")]
      : [ok(short, `${prefix} has ${free} free addresses; metadata and Hyper-V's clock need no route`)];
  // Source: Microsoft Learn, "Default outbound access in Azure"
  if (defaultOutboundAccess === false && !natGateway && !hasPublicIp)
    findings.push(
      warning(
        short,
        "machines reach nothing outside: a private subnet without a NAT gateway",
        "add a NAT gateway, or private endpoints for what services use (Key Vault)",
      ),
    );
  if (!networkSecurityGroup) return findings;
  const groupId = networkSecurityGroup.id;
  const rules = await get<{
    readonly properties: { readonly securityRules?: readonly Rule[]; readonly defaultSecurityRules?: readonly Rule[] };
  }>(group, groupId, API_VERSION, `network security group ${groupId.split("/").at(-1)}`);
  const all = [...(rules?.properties.securityRules ?? []), ...(rules?.properties.defaultSecurityRules ?? [])];
  return [...findings, ...firewall(all, groupId.split("/").at(-1) ?? "", machines)];
}

/**
 * Source: Microsoft Learn, "Network security groups" (the lowest priority number counts; the default rules let probes in), and "Virtual
 * network service tags" (AzurePlatformIMDS and AzurePlatformDNS).
 */
function firewall(rules: readonly Rule[], group: string, { name, ports }: AzureMachines): readonly Finding[] {
  const { ok, refused } = findingsOf("firewall");
  const first = (direction: Rule["properties"]["direction"], matches: (rule: Rule["properties"]) => boolean): Rule | undefined =>
    rules
      .filter(({ properties }) => properties.direction === direction && matches(properties))
      .sort((one, other) => one.properties.priority - other.properties.priority)[0];
  const findings: Finding[] = [];
  for (const port of ports) {
    const rule = first(
      "Inbound",
      (one) => ["*", "AzureLoadBalancer"].includes(one.sourceAddressPrefix ?? "") && isTcp(one) && covers(one, port),
    );
    if (rule?.properties.access === "Deny")
      findings.push(
        refused(
          name,
          `the rule ${rule.name} of ${group} keeps the load balancer's probes from port ${port}: every machine counts as unhealthy`,
          `allow AzureLoadBalancer in, with a priority below ${rule.properties.priority}`,
        ),
      );
  }
  const metadata = first("Outbound", ({ destinationAddressPrefix = "" }) => destinationAddressPrefix === "AzurePlatformIMDS");
  if (metadata?.properties.access === "Deny")
    findings.push(
      refused(
        name,
        `the rule ${metadata.name} of ${group} denies AzurePlatformIMDS: the guest gets no metadata`,
        `delete the rule ${metadata.name}`,
      ),
    );
  return findings.length > 0 || ports.length === 0 ? findings : [ok(name, `probes reach port ${ports.join(", ")}`)];
}

function isTcp({ protocol }: Rule["properties"]): boolean {
  return protocol === "*" || protocol.toLowerCase() === "tcp";
}

function covers({ destinationPortRange, destinationPortRanges = [] }: Rule["properties"], port: number): boolean {
  return [...destinationPortRanges, ...(destinationPortRange === undefined ? [] : [destinationPortRange])].some((range) => {
    if (range === "*") return true;
    const [from = 0, to = from] = range.split("-").map(Number);
    return from <= port && port <= to;
  });
}
