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
}

/** The link and the addresses of the service with this number, 0 to 32767. */
export function privateLink(index: number): Pick<PrivateNetwork, "link" | "gateway" | "address"> {
  const at = (offset: number): string => `198.18.${(index * 2 + offset) >> 8}.${(index * 2 + offset) & 255}`;
  return { link: `lk${index}`, gateway: at(0), address: at(1) };
}
