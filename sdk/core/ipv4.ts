/** A network of IPv4 addresses, as numbers. */
export interface Ipv4Network {
  /** Its first address. */
  readonly first: number;
  /** The bits of an address that are the network's: 16 of `10.200.0.0/16`. */
  readonly bits: number;
}

/** An address as a number; undefined for anything else. */
export function ipv4Number(address: string): number | undefined {
  const parts = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(address)?.slice(1).map(Number);
  return parts?.every((part) => part <= 255) ? parts.reduce((sum, part) => sum * 256 + part, 0) : undefined;
}

/** The network that an address with bits is in: `10.200.5.9/16`; undefined for anything else. */
export function ipv4Network(text: string): Ipv4Network | undefined {
  const [, start = "", digits] = /^([\d.]+)\/(\d{1,2})$/.exec(text) ?? [];
  const [address, bits] = [ipv4Number(start), Number(digits)];
  if (address === undefined || bits > 32) return undefined;
  const size = ipv4Size(bits);
  return { first: Math.floor(address / size) * size, bits };
}

/** How many addresses a network has. */
export function ipv4Size(bits: number): number {
  return 2 ** (32 - bits);
}

/** The address that is so many after another: `10.200.0.3/16` is two after `10.200.0.1/16`. Bits stay. */
export function ipv4After(address: string, steps: number): string {
  const [own = "", ...bits] = address.split("/");
  return [ipv4Text((ipv4Number(own) ?? 0) + steps), ...bits].join("/");
}

/** Whether two networks have an address in common. */
export function ipv4sOverlap(a: Ipv4Network, b: Ipv4Network): boolean {
  return a.first < b.first + ipv4Size(b.bits) && b.first < a.first + ipv4Size(a.bits);
}

/** An address as text: `10.200.0.1`. */
export function ipv4Text(address: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(address / 2 ** shift) % 256).join(".");
}
