import { service } from "./image.ts";

/** Where a stand-in answers, and how far its answers travel. */
interface CloudOptions {
  /** Names its service and link; at most 14 characters. @default "metadata" */
  readonly name?: string;
  /** @default "169.254.169.254" */
  readonly address?: string;
  /** The TTL of its packets, as `httpPutResponseHopLimit` sets it for EC2's answers to PUT. @default 64 */
  readonly hops?: number;
}

/** A stand-in for a cloud's metadata service: an address on a separate link that answers with the machine's credentials. */
export const cloud = ({ name = "metadata", address = "169.254.169.254", hops = 64 }: CloudOptions = {}) => [
  service(
    name,
    `ip addr add ${address}/32 dev ${name}0; ip link set ${name}0 up; ip route add default dev ${name}0; exec busybox nc -ll -p 80 -e echo credentials`,
    {
      net: "new",
      sysctl: { "net.ipv4.ip_default_ttl": String(hops) },
      capabilities: ["CAP_NET_ADMIN", "CAP_NET_BIND_SERVICE"],
      runtime: { interfaces: [{ name: `${name}0`, add: "veth", peer: `${name}1` }] },
    },
  ),
  service(
    `${name}-route`,
    `until ip link set ${name}1 up 2>/dev/null && ip route add ${address} dev ${name}1; do sleep 0.1; done; exec sleep 100000`,
    { net: "host", capabilities: ["CAP_NET_ADMIN"], after: [name] },
  ),
];
