import { type Failure, failure } from "../../sdk/core/failure.ts";
import { ipv4Network, ipv4Number, ipv4Size, ipv4Text } from "../../sdk/core/ipv4.ts";
import { shown } from "../../sdk/core/shown.ts";

/** Arguments of {@link Network}. */
export interface NetworkArgs {
  /** The IPv4 network of its addresses, with at most 30 bits. @example "10.77.0.0/24" */
  readonly cidr: string;
  /**
   * The machines' addresses by name. `/etc/hosts` of its services and tasks has them all; a change reaches a machine at its next start.
   * @default none
   * @example { m1: "10.77.0.11", m2: "10.77.0.12" }
   */
  readonly hosts?: Readonly<Record<string, string>> | undefined;
  /**
   * The first and the last address of each fleet, by the name of its machines: `web-0` has the first, `web-1` the next. The names of the
   * whole range are among those of `hosts`, so a fleet that grows within it is known everywhere at once.
   * @default none
   * @example { web: "10.77.0.21-10.77.0.28" }
   */
  readonly fleets?: Readonly<Record<string, string>> | undefined;
}

/** Consecutive addresses. */
export interface AddressRange {
  /** The first, as a number. */
  readonly first: number;
  readonly count: number;
}

/** The most machines of a fleet. */
const MOST = 100;

/** Characters of a host's name (RFC 1123, 2.1), and of one to which a fleet adds a number below {@link MOST}. */
const [LONGEST, LONGEST_OF_FLEET] = [63, 60];

/** A range of addresses, `10.77.0.21-10.77.0.28`; undefined for anything else. */
export function addressRange(text: string): AddressRange | undefined {
  const [first, last, ...rest] = text.split("-").map(ipv4Number);
  return first === undefined || last === undefined || last < first || rest.length > 0 ? undefined : { first, count: last - first + 1 };
}

/** The name of a machine of a fleet in a network. */
export function memberName(fleet: string, slot: number): string {
  return `${fleet}-${slot}`;
}

/** The addresses of all machines by name, those of the fleets after the others. */
export function namesOf({ hosts = {}, fleets = {} }: Pick<NetworkArgs, "hosts" | "fleets">): Readonly<Record<string, string>> {
  const members = Object.entries(fleets).flatMap(([fleet, text]): [string, string][] => {
    const { first, count } = addressRange(text) ?? { first: 0, count: 0 };
    return Array.from({ length: count }, (_, slot) => [memberName(fleet, slot), ipv4Text(first + slot)]);
  });
  return { ...hosts, ...Object.fromEntries(members) };
}

/** What is wrong with the arguments of a network. */
export function networkFailures({ cidr, hosts, fleets }: NetworkArgs): Failure[] {
  const network = ipv4Network(String(cidr));
  if (!network || network.bits < 8 || network.bits > 30)
    return [failure(["cidr"], `got ${shown(cidr)}, wanted an IPv4 network of 8 to 30 bits, as "10.77.0.0/24"`)];
  const [least, most] = [network.first + 1, network.first + ipv4Size(network.bits) - 2];
  const isIn = (number: number): boolean => number >= least && number <= most;
  /** Who has an address. */
  const seen = new Map<number, string>();
  const ofHosts = Object.entries(hosts ?? {}).flatMap(([host, address]): Failure[] => {
    const fail = (message: string): Failure[] => [failure(["hosts", host], message)];
    if (!isHostName(host, LONGEST)) return fail(noName(LONGEST));
    const number = ipv4Number(String(address));
    if (number === undefined || !isIn(number))
      return fail(`got ${shown(address)}, wanted an address in ${cidr}, neither its first nor its last`);
    const other = seen.get(number);
    seen.set(number, host);
    return other === undefined ? [] : fail(`got ${shown(address)}, which ${other} has: wanted another`);
  });
  const ofFleets = Object.entries(fleets ?? {}).flatMap(([fleet, text]): Failure[] => {
    const fail = (message: string): Failure[] => [failure(["fleets", fleet], message)];
    if (!isHostName(fleet, LONGEST_OF_FLEET)) return fail(noName(LONGEST_OF_FLEET));
    const range = addressRange(String(text));
    if (!range) return fail(`got ${shown(text)}, wanted its first and its last address, as "${ipv4Text(least)}-${ipv4Text(least + 1)}"`);
    const { first, count } = range;
    if (!isIn(first) || !isIn(first + count - 1))
      return fail(`got ${shown(text)}, wanted addresses in ${cidr}, neither its first nor its last`);
    if (count > MOST) return fail(`got ${shown(text)}, which are ${count} addresses, wanted at most ${MOST}`);
    for (let slot = 0; slot < count; slot++) {
      const name = memberName(fleet, slot);
      if (Object.hasOwn(hosts ?? {}, name))
        return [failure(["hosts", name], `got the name of a machine of fleets.${fleet}, wanted another`)];
      const other = seen.get(first + slot);
      if (other !== undefined)
        return fail(
          `got ${shown(text)}, but ${other} has ${ipv4Text(first + slot)}: wanted a range without it, or another address of ${other}`,
        );
      seen.set(first + slot, name);
    }
    return [];
  });
  return [...ofHosts, ...ofFleets];
}

function isHostName(name: string, longest: number): boolean {
  return name.length <= longest && /^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?$/.test(name);
}

function noName(longest: number): string {
  return `got a name that is none of a host: wanted lower-case letters, digits and "-", at most ${longest}`;
}
