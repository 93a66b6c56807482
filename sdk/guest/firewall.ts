import { digestOf, hexOf } from "../core/digest.ts";

/** The private network of a service, for the guest's firewall. */
export interface PrivateNetwork {
  /** The machine's end of its link, `lk0`. */
  readonly link: string;
  /** IPv4 address of the machine's end: the service's gateway. */
  readonly gateway: string;
  /** IPv4 address of the service. */
  readonly address: string;
  readonly publish: readonly { readonly outside: number; readonly inside: number; readonly protocol: "tcp" | "udp" }[];
  /** The destinations that it may connect to: an IPv4 address or network, `any` or `dns`. */
  readonly egress: readonly { readonly to: string; readonly port?: number; readonly protocol?: "tcp" | "udp" }[];
  /** The services that `egress` names: they stand in the service's `/etc/hosts`. */
  readonly hosts: readonly { readonly name: string; readonly address: string }[];
}

/** A service's link, with the addresses of both ends. */
export type PrivateLink = Pick<PrivateNetwork, "link" | "gateway" | "address">;

/** The most links: pairs of addresses in 198.18.0.0/16. */
export const MOST_LINKS = 1 << 15;

/** The link with this number, 0 to 32767. */
export function privateLink(number: number): PrivateLink {
  const at = (offset: number): string => `198.18.${(number * 2 + offset) >> 8}.${(number * 2 + offset) & 255}`;
  return { link: `lk${number}`, gateway: at(0), address: at(1) };
}

/**
 * The links of services, by name. The number comes from the name, so a service keeps its addresses when others are added,
 * removed or reordered. Where two names have the same number, the later in the alphabet takes the next free one: of ten
 * services one pair in 730 operating systems.
 */
export function privateLinks(names: Iterable<string>): ReadonlyMap<string, PrivateLink> {
  const taken = new Set<number>();
  return new Map(
    [...names].sort().map((name) => {
      let number = Number.parseInt(hexOf(digestOf(name)).slice(0, 8), 16) % MOST_LINKS;
      while (taken.has(number)) number = (number + 1) % MOST_LINKS;
      taken.add(number);
      return [name, privateLink(number)];
    }),
  );
}
