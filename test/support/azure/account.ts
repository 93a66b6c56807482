/**
 * Plays what a subscription of Azure has and what credentials may do in it: permissions, locks, sizes, usages, networks.
 *
 * Source: Microsoft Learn, REST API: "Subscriptions - Get", "Providers - Get", "Resource Groups - Get", "Permissions - List For
 * Resource Group", "Management Locks - List At Resource Group Level", "Resource Skus - List", "Usage - List", "Subnets - Get",
 * "Network Security Groups - Get".
 * Assumed: the words of refusals.
 */
import { AzureRefusal } from "./refusal.ts";

type Body = Readonly<Record<string, unknown>>;

interface StoredRule {
  readonly name: string;
  readonly direction: "Inbound" | "Outbound";
  readonly priority: number;
  readonly access: "Allow" | "Deny";
  readonly from?: string;
  readonly to?: string;
  readonly ports?: string;
}

/** Of every network security group. Source: Microsoft Learn, "Network security groups", default security rules. */
const DEFAULT_RULES: readonly StoredRule[] = [
  { name: "AllowVnetInBound", direction: "Inbound", priority: 65000, access: "Allow", from: "VirtualNetwork" },
  { name: "AllowAzureLoadBalancerInBound", direction: "Inbound", priority: 65001, access: "Allow", from: "AzureLoadBalancer" },
  { name: "DenyAllInBound", direction: "Inbound", priority: 65500, access: "Deny" },
  { name: "AllowInternetOutBound", direction: "Outbound", priority: 65001, access: "Allow", to: "Internet" },
];

/** A good subscription: change a member to plant a problem. */
export class AzureAccount {
  isReached = true;
  state = "Enabled";
  readonly unregistered = new Set<string>();
  hasGroup = true;
  grants: Body[] = [{ actions: ["*"], notActions: ["Microsoft.Authorization/*/Write"] }];
  locks: { readonly name: string; readonly level: string }[] = [];
  readonly usages = new Map([
    ["cores", [100, 4]],
    ["standardBSFamily", [50, 4]],
    ["virtualMachines", [25000, 2]],
    ["virtualMachineScaleSets", [2500, 1]],
  ]);
  /** Capabilities by size. */
  readonly sizes = new Map<string, Record<string, string>>([
    ["Standard_B2s", { vCPUs: "2", CpuArchitectureType: "x64", HyperVGenerations: "V1,V2" }],
    ["Standard_D2ps_v5", { vCPUs: "2", CpuArchitectureType: "Arm64", HyperVGenerations: "V2", TrustedLaunchDisabled: "True" }],
    ["Standard_M8ms", { vCPUs: "8", CpuArchitectureType: "x64", HyperVGenerations: "V1,V2", TrustedLaunchDisabled: "True" }],
    ["Standard_D2_v3", { vCPUs: "2", HyperVGenerations: "V1" }],
  ]);
  readonly restricted = new Set<string>();
  subnet: Record<string, unknown> | undefined = { addressPrefix: "10.0.0.0/24", networkSecurityGroup: { id: "" } };
  rules: StoredRule[] = [];

  /** The answer to a GET; undefined for what is not about the account. @throws AzureRefusal */
  answer(method: string, path: string): Body | undefined {
    if (method !== "GET") return undefined;
    const [, subscription = "", rest = ""] = /^\/subscriptions\/([^/]+)(.*)$/.exec(path) ?? [];
    if (!this.isReached) throw new AzureRefusal(404, "SubscriptionNotFound", `The subscription '${subscription}' could not be found.`);
    if (rest === "") return { subscriptionId: subscription, state: this.state, displayName: "web" };
    const [, namespace] = /^\/providers\/(Microsoft\.\w+)$/.exec(rest) ?? [];
    if (namespace !== undefined) return { namespace, registrationState: this.unregistered.has(namespace) ? "NotRegistered" : "Registered" };
    if (rest === "/providers/Microsoft.Compute/skus") return { value: [...this.sizes].map(([name, facts]) => this.#sku(name, facts)) };
    if (rest.endsWith("/usages"))
      return { value: [...this.usages].map(([value, [limit, currentValue]]) => ({ unit: "Count", limit, currentValue, name: { value } })) };
    if (rest.endsWith("/Microsoft.Authorization/permissions")) return { value: this.grants };
    if (rest.endsWith("/Microsoft.Authorization/locks"))
      return { value: this.locks.map(({ name, level }) => ({ name, properties: { level } })) };
    if (/^\/resourceGroups\/[^/]+$/.test(rest)) {
      if (!this.hasGroup) throw new AzureRefusal(404, "ResourceGroupNotFound", "Resource group could not be found.");
      return { location: "westeurope" };
    }
    if (rest.includes("/subnets/")) {
      if (!this.subnet) throw new AzureRefusal(404, "NotFound", "The subnet was not found.");
      const group = path.replace(/virtualNetworks\/.*/, "networkSecurityGroups/web");
      return { properties: { ...this.subnet, ...("networkSecurityGroup" in this.subnet && { networkSecurityGroup: { id: group } }) } };
    }
    if (rest.includes("/networkSecurityGroups/"))
      return { properties: { securityRules: this.rules.map(ruleOf), defaultSecurityRules: DEFAULT_RULES.map(ruleOf) } };
    return undefined;
  }

  #sku(name: string, facts: Readonly<Record<string, string>>): Body {
    return {
      resourceType: "virtualMachines",
      name,
      family: name.startsWith("Standard_B") ? "standardBSFamily" : "standardDFamily",
      capabilities: Object.entries(facts).map(([name, value]) => ({ name, value })),
      restrictions: this.restricted.has(name) ? [{ type: "Location", reasonCode: "NotAvailableForSubscription" }] : [],
    };
  }
}

function ruleOf({ name, direction, priority, access, from = "*", to = "*", ports = "*" }: StoredRule): Body {
  const addresses = { sourceAddressPrefix: from, destinationAddressPrefix: to, sourcePortRange: "*", destinationPortRange: ports };
  return { name, properties: { direction, priority, access, protocol: "*", ...addresses } };
}
