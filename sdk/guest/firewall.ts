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

/** The path of the rules in the guest. `nft` reads them before the first service starts. */
export const FIREWALL_FILE = "lib/linuxkit/firewall";

/** The range for benchmarks (RFC 2544), which clouds and offices do not use. Each service has two addresses. */
const NETWORK = "198.18.0.0/16";
const LINK_LOCAL = "169.254.0.0/16";

/** The link and the addresses of the service with this number, 0 to 32767. */
export function privateLink(index: number): Pick<PrivateNetwork, "link" | "gateway" | "address"> {
  const at = (offset: number): string => `198.18.${(index * 2 + offset) >> 8}.${(index * 2 + offset) & 255}`;
  return { link: `lk${index}`, gateway: at(0), address: at(1) };
}

/**
 * The firewall of private networks, in the syntax of nft(8). Inbound traffic only reaches published ports, and outbound
 * traffic only the destinations that the service names. Services cannot reach the machine itself or use IPv6. Other
 * traffic is accepted. A chain that translates addresses is only present if it is needed, because it needs kernel modules.
 */
export function firewallRules(networks: readonly PrivateNetwork[]): string {
  const addresses = new Set(networks.map(({ address }) => address));
  const published = networks.flatMap(({ address, publish }) =>
    publish.map((port) => `iifname != "lk*" ${port.protocol} dport ${port.outside} dnat to ${address}:${port.inside}`),
  );
  const leaving = networks.some(({ egress }) => egress.some(({ to }) => !addresses.has(to)));
  return `table ip linuxkit {
  set nameservers {
    type ipv4_addr
  }
${networks.map(serviceChain).join("")}  chain forward {
    type filter hook forward priority 0; policy accept;
    iifname != "lk*" oifname != "lk*" accept
    ct state established,related accept
${networks.map(({ link }) => `    iifname "${link}" goto from-${link}\n`).join("")}    oifname "lk*" ct status dnat accept
    drop
  }
  chain input {
    type filter hook input priority 0; policy accept;
    iifname "lk*" ct state established,related accept
    iifname "lk*" reject with icmp type admin-prohibited
  }
${published.length > 0 ? natChain("prerouting", -100, published) : ""}${leaving ? natChain("postrouting", 100, [`ip saddr ${NETWORK} oifname != "lk*" masquerade`]) : ""}}
table ip6 linuxkit {
  chain forward {
    type filter hook forward priority 0; policy accept;
    iifname "lk*" drop
    oifname "lk*" drop
  }
  chain input {
    type filter hook input priority 0; policy accept;
    iifname "lk*" drop
  }
}
`;
}

function natChain(hook: string, priority: number, lines: readonly string[]): string {
  return `  chain ${hook} {\n    type nat hook ${hook} priority ${priority}; policy accept;\n${lines.map((line) => `    ${line}\n`).join("")}  }\n`;
}

function serviceChain({ link, address, egress }: PrivateNetwork): string {
  const lines = [`ip saddr != ${address} drop`, ...egress.map(accepted), "reject with icmp type admin-prohibited"];
  return `  chain from-${link} {\n${lines.map((line) => `    ${line}\n`).join("")}  }\n`;
}

function accepted({ to, port, protocol }: PrivateNetwork["egress"][number]): string {
  if (to === "dns") return "ip daddr @nameservers meta l4proto { tcp, udp } th dport 53 accept";
  // a wide network excludes the metadata of a cloud and other services, which a service must name explicitly
  const where =
    to === "any" || isWide(to) ? `${to === "any" ? "" : `ip daddr ${to} `}ip daddr != { ${LINK_LOCAL}, ${NETWORK} }` : `ip daddr ${to}`;
  if (port !== undefined) return `${where} ${protocol ?? "tcp"} dport ${port} accept`;
  return `${where}${protocol ? ` meta l4proto ${protocol}` : ""} accept`;
}

function isWide(to: string): boolean {
  const [, length] = to.split("/");
  return length !== undefined && Number(length) < 16;
}
