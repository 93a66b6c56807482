import { type Finding, findingsOf } from "../finding.ts";
import type { GoogleApis } from "./client.ts";
import type { GcpMachines } from "./wanted.ts";

/** Where Google's health checks come from. Source: Cloud Load Balancing, "Probe IP ranges and firewall rules". */
const PROBES = ["35.191.0.0/16", "130.211.0.0/22"];

/** Source: compute v1, schemas `Subnetwork`, `Router` and `Firewall`. */
interface Subnetwork {
  readonly network: string;
  readonly privateIpGoogleAccess?: boolean;
  readonly ipCidrRange: string;
}

interface Router {
  readonly network: string;
  readonly nats?: readonly unknown[];
}

interface Firewall {
  readonly name: string;
  readonly network: string;
  readonly direction?: "INGRESS" | "EGRESS";
  readonly disabled?: boolean;
  readonly priority?: number;
  readonly sourceRanges?: readonly string[];
  readonly destinationRanges?: readonly string[];
  readonly targetTags?: readonly string[];
  readonly targetServiceAccounts?: readonly string[];
  readonly allowed?: readonly Rule[];
  readonly denied?: readonly Rule[];
}

interface Rule {
  readonly IPProtocol: string;
  readonly ports?: readonly string[];
}

/**
 * Whether the subnetwork exists, has addresses, and leads out, and whether health checks reach the machines. Metadata and time
 * (`metadata.google.internal`) need no route.
 *
 * Source: VPC, "Private Google Access", "Public NAT", "VPC firewall rules" (the lowest priority number counts, a deny before an allow).
 */
export async function checkNetwork(apis: GoogleApis, region: string, machines: GcpMachines): Promise<readonly Finding[]> {
  const { ok, warning, refused } = findingsOf("subnet");
  const { name, subnet = "default", hasPublicIp, count } = machines;
  const short = subnet.split("/").at(-1) ?? "";
  const found = await apis.compute<Subnetwork>(`regions/${region}/subnetworks/${short}`);
  if (!found)
    return [
      refused(
        short,
        `no such subnetwork in ${region} (${name})`,
        subnet === "default"
          ? "name one with subnetId: this project has no default network"
          : "name a subnetwork of the region in which the update runs",
      ),
    ];
  // Source: VPC, "Subnets": four addresses of each primary range are reserved
  const free = 2 ** (32 - Number(found.ipCidrRange.split("/")[1])) - 4;
  const findings =
    free < count
      ? [
          refused(
            short,
            `${found.ipCidrRange} has ${free} addresses, ${name} wants ${count}`,
            "expand the range, or name a larger subnetwork",
          ),
        ]
      : [ok(short, `${found.ipCidrRange} in ${region}; metadata and time need no route`)];
  const isNatted = (await apis.list<Router>(`regions/${region}/routers`)).some(
    ({ network, nats = [] }) => network === found.network && nats.length > 0,
  );
  if (!hasPublicIp && !isNatted)
    findings.push(
      found.privateIpGoogleAccess
        ? ok(short, "machines reach Google's APIs only: no public address, and no Cloud NAT")
        : warning(
            short,
            "machines reach nothing outside the network: no public address, no Cloud NAT, no Private Google Access",
            "enable Private Google Access on the subnetwork (Secret Manager needs it), or add Cloud NAT",
          ),
    );
  const rules = (await apis.list<Firewall>("global/firewalls")).filter(({ network, disabled }) => network === found.network && !disabled);
  return [...findings, ...machines.ports.map((port) => probe(rules, port, machines))];
}

function probe(rules: readonly Firewall[], port: number, { name, networkTags, serviceAccount }: GcpMachines): Finding {
  const { ok, refused } = findingsOf("firewall");
  const applies = ({ targetTags, targetServiceAccounts }: Firewall): boolean => {
    if (targetTags === undefined && targetServiceAccounts === undefined) return true;
    return targetTags?.some((tag) => networkTags.includes(tag)) || targetServiceAccounts?.includes(serviceAccount ?? "") || false;
  };
  const isOf = (some: readonly Rule[] = []): boolean => some.some((rule) => covers(rule, port));
  const inbound = rules
    .filter((rule) => (rule.direction ?? "INGRESS") === "INGRESS" && applies(rule))
    .sort(
      (one, other) =>
        (one.priority ?? 1000) - (other.priority ?? 1000) || Number(other.denied !== undefined) - Number(one.denied !== undefined),
    );
  const closed = PROBES.filter((range) => {
    const first = inbound.find(
      ({ sourceRanges = [], allowed, denied }) => sourceRanges.some((source) => contains(source, range)) && (isOf(allowed) || isOf(denied)),
    );
    return first === undefined || isOf(first.denied);
  });
  if (closed.length === 0) return ok(name, `health checks reach port ${port}`);
  return refused(
    name,
    `no firewall rule lets health checks from ${closed.join(" and ")} in on port ${port}: every machine counts as unhealthy`,
    `gcloud compute firewall-rules create health-checks --allow tcp:${port} --source-ranges ${PROBES.join(",")}`,
  );
}

function covers({ IPProtocol, ports }: Rule, port: number): boolean {
  if (IPProtocol === "all") return true;
  if (IPProtocol !== "tcp" && IPProtocol !== "6") return false;
  if (ports === undefined) return true;
  return ports.some((range) => {
    const [from = 0, to = from] = range.split("-").map(Number);
    return from <= port && port <= to;
  });
}

/** Whether one IPv4 range contains another. */
function contains(outer: string, inner: string): boolean {
  const [[start, bits], [other, more]] = [outer, inner].map(rangeOf) as [[number, number], [number, number]];
  return bits <= more && (bits === 0 || start >>> (32 - bits) === other >>> (32 - bits));
}

function rangeOf(range: string): [start: number, bits: number] {
  const [address = "", bits = "32"] = range.split("/");
  return [address.split(".").reduce((number, part) => number * 256 + Number(part), 0), Number(bits)];
}
