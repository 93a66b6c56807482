import type { Output } from "@pulumi/pulumi/output.js";
import { CustomResource, type CustomResourceOptions } from "@pulumi/pulumi/resource.js";
import { ipv4Network, ipv4Number, ipv4Size } from "../../sdk/core/ipv4.ts";
import { type Failure, failure, invalidAll } from "../../sdk/core/failure.ts";
import { shown } from "../../sdk/core/shown.ts";
import { didYouMean } from "../../sdk/core/suggest.ts";

/** Arguments of {@link Network}. */
export interface NetworkArgs {
  /** The IPv4 network of its addresses, with at most 30 bits. @example "10.77.0.0/24" */
  readonly cidr: string;
  /**
   * The machines' addresses by name. `/etc/hosts` of its services and tasks has them all; a change reaches a machine at its next start.
   * @example { m1: "10.77.0.11", m2: "10.77.0.12" }
   */
  readonly hosts: Readonly<Record<string, string>>;
}

/** What a machine is launched with to be in a network. */
export interface Membership {
  /** Its address, with the bits of the network. */
  readonly address: string;
  /** The names of all machines, as lines of hosts(5). */
  readonly hosts: string;
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
  /** The machines' addresses by name. */
  readonly hosts: Readonly<Record<string, string>>;

  /** @throws INVALID_DEFINITION */
  constructor(name: string, args: NetworkArgs, options?: CustomResourceOptions) {
    if (!options?.urn) refuse(`network "${name}"`, networkFailures(args));
    const inputs = options?.urn ? {} : { cidr: args.cidr, hosts: args.hosts };
    super("linuxkit:index:QemuNetwork", name, { socket: undefined, running: undefined, ...inputs }, options);
    this.cidr = args.cidr;
    this.hosts = Object.freeze({ ...args.hosts });
  }
}

/** What a machine of this name is launched with. @throws INVALID_DEFINITION for a name that the network lacks */
export function membership(what: string, { cidr, hosts }: Network, hostname: string | undefined): Membership {
  const address = hostname === undefined || !Object.hasOwn(hosts, hostname) ? undefined : hosts[hostname];
  if (address === undefined) {
    const known = Object.keys(hosts);
    const wanted = `wanted a name of the network's hosts: ${known.join(", ")}`;
    refuse(what, [failure(["hostname"], `got ${shown(hostname)}, ${wanted}${didYouMean(hostname, known)}`)]);
  }
  const lines = ["127.0.0.1 localhost", ...Object.entries(hosts).map(([name, own]) => `${own} ${name}`)];
  return { address: `${address}/${ipv4Network(cidr)?.bits}`, hosts: `${lines.join("\n")}\n` };
}

/** Throws what is wrong with the arguments of a resource, if anything is. */
export function refuse(what: string, failures: readonly Failure[]): void {
  const lines = failures.map(({ path, message }) => `${what}: ${path}: ${message}`);
  if (failures.length > 0) throw invalidAll(failures, undefined, lines);
}

function networkFailures({ cidr, hosts }: NetworkArgs): Failure[] {
  const network = ipv4Network(String(cidr));
  if (!network || network.bits < 8 || network.bits > 30)
    return [failure(["cidr"], `got ${shown(cidr)}, wanted an IPv4 network of 8 to 30 bits, as "10.77.0.0/24"`)];
  const [least, most] = [network.first + 1, network.first + ipv4Size(network.bits) - 2];
  const seen = new Map<number, string>();
  return Object.entries(hosts ?? {}).flatMap(([host, address]): Failure[] => {
    if (!/^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/.test(host))
      return [failure(["hosts", host], 'got a name that is none of a host: wanted lower-case letters, digits and "-", at most 63')];
    const number = ipv4Number(String(address));
    if (number === undefined || number < least || number > most)
      return [failure(["hosts", host], `got ${shown(address)}, wanted an address in ${cidr}, neither its first nor its last`)];
    const other = seen.get(number);
    seen.set(number, host);
    return other === undefined ? [] : [failure(["hosts", host], `got ${shown(address)}, which ${other} has: wanted another`)];
  });
}
