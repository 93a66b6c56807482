import type { Output } from "@pulumi/pulumi/output.js";
import { CustomResource, type CustomResourceOptions } from "@pulumi/pulumi/resource.js";
import type { LinuxKitError } from "../../sdk/core/errors.ts";
import { type Failure, failure, invalidAll } from "../../sdk/core/failure.ts";
import { ipv4Network, ipv4Text } from "../../sdk/core/ipv4.ts";
import { shown } from "../../sdk/core/shown.ts";
import { didYouMean } from "../../sdk/core/suggest.ts";
import { addressRange, type NetworkArgs, namesOf, networkFailures } from "./network-args.ts";

/** What a machine is launched with to be in a network. */
export interface Membership {
  /** Its address, with the bits of the network. */
  readonly address: string;
  /** The names of all machines, as lines of hosts(5). */
  readonly hosts: string;
}

/** What a fleet is launched with: the first machine has the address. */
export interface FleetMembership extends Membership {
  /** How many addresses the fleet has. */
  readonly addresses: number;
}

/**
 * A private Ethernet for machines in QEMU, beside the network by which each reaches the outside: `eth1` of the guest. It needs no
 * root. Its switch is a process of this user behind a UNIX socket that no other user reaches, and runs until the stack deletes it.
 */
export class Network extends CustomResource {
  /** The path of the socket to which machines connect. */
  declare readonly socket: Output<string>;
  /** False if `pulumi refresh` found its switch ended; the next update starts it again. Machines connect only at their start. */
  declare readonly running: Output<boolean>;
  /** The IPv4 network of its addresses. */
  readonly cidr: string;
  /** The machines' addresses by name, without those of fleets. */
  readonly hosts: Readonly<Record<string, string>>;
  /** The first and the last address of each fleet by name. */
  readonly fleets: Readonly<Record<string, string>>;

  /** @throws INVALID_DEFINITION */
  constructor(name: string, args: NetworkArgs, options?: CustomResourceOptions) {
    if (!options?.urn) refuse(`network "${name}"`, networkFailures(args));
    const inputs = options?.urn ? {} : { cidr: args.cidr, hosts: namesOf(args) };
    super("linuxkit:index:QemuNetwork", name, { socket: undefined, running: undefined, ...inputs }, options);
    this.cidr = args.cidr;
    this.hosts = Object.freeze({ ...args.hosts });
    this.fleets = Object.freeze({ ...args.fleets });
  }
}

/** What a machine of this name is launched with. @throws INVALID_DEFINITION for a name that the network lacks, or another machine has */
export function membership(what: string, network: Network, hostname: string | undefined): Membership {
  const { cidr, hosts } = network;
  const address = hostname === undefined || !Object.hasOwn(hosts, hostname) ? undefined : hosts[hostname];
  if (address === undefined) {
    const known = Object.keys(hosts);
    const wanted = `wanted a name of the network's hosts: ${known.join(", ")}`;
    refuse(what, [failure(["hostname"], `got ${shown(hostname)}, ${wanted}${didYouMean(hostname, known)}`)]);
  }
  hold(what, network, `hosts.${hostname}`, hostname);
  return { address: `${address}/${ipv4Network(cidr)?.bits}`, hosts: hostsText(network) };
}

/** What a fleet of this name is launched with. @throws INVALID_DEFINITION for a name that the network lacks, or another fleet has */
export function fleetMembership(what: string, network: Network, hostname: string): FleetMembership {
  const { cidr, fleets } = network;
  const range = Object.hasOwn(fleets, hostname) ? addressRange(fleets[hostname] ?? "") : undefined;
  if (!range) {
    const known = Object.keys(fleets);
    const others = known.length > 0 ? `: ${known.join(", ")}` : `, which has none: give it fleets: { ${hostname}: "FIRST-LAST" }`;
    const message = `got ${shown(hostname)}, wanted a name of the network's fleets${others}${didYouMean(hostname, known)}`;
    throw refusal(what, [failure(["hostname"], message)]);
  }
  hold(what, network, `fleets.${hostname}`, hostname);
  return {
    address: `${ipv4Text(range.first)}/${ipv4Network(cidr)?.bits}`,
    addresses: range.count,
    hosts: hostsText(network),
  };
}

/** Refuses a name in a network without a network. */
export function refuseAlone(what: string, network: Network | undefined, hostname: string | undefined): void {
  if (network === undefined && hostname !== undefined)
    refuse(what, [failure(["hostname"], `got ${shown(hostname)} without network: wanted network beside it`)]);
}

/** Throws what is wrong with the arguments of a resource, if anything is. */
export function refuse(what: string, failures: readonly Failure[]): void {
  if (failures.length > 0) throw refusal(what, failures);
}

function refusal(what: string, failures: readonly Failure[]): LinuxKitError {
  const lines = failures.map(({ path, message }) => `${what}: ${path}: ${message}`);
  return invalidAll(failures, undefined, lines);
}

function hostsText(network: Network): string {
  const lines = Object.entries(namesOf(network)).map(([name, address]) => `${address} ${name}`);
  return `${["127.0.0.1 localhost", ...lines].join("\n")}\n`;
}

/** Who has a name of a network, in this program. */
const holders = new WeakMap<Network, Map<string, string>>();

/** Two machines of one name would have one address. */
function hold(what: string, network: Network, place: string, hostname: string | undefined): void {
  const names = holders.get(network) ?? new Map<string, string>();
  holders.set(network, names);
  const other = names.get(place);
  if (other !== undefined) refuse(what, [failure(["hostname"], `got ${shown(hostname)}, which ${other} has: wanted another`)]);
  names.set(place, what);
}
