import { service } from "./image.ts";

/** A stand-in for a cloud's metadata service: an address on a separate link that answers with the machine's credentials. */
export const cloud = () => [
  service(
    "metadata",
    "ip addr add 169.254.169.254/32 dev meta0; ip link set meta0 up; ip route add default dev meta0; exec busybox nc -ll -p 80 -e echo credentials",
    {
      net: "new",
      capabilities: ["CAP_NET_ADMIN", "CAP_NET_BIND_SERVICE"],
      runtime: { interfaces: [{ name: "meta0", add: "veth", peer: "meta1" }] },
    },
  ),
  service(
    "route",
    "until ip link set meta1 up 2>/dev/null && ip route add 169.254.169.254 dev meta1; do sleep 0.1; done; exec sleep 100000",
    { net: "host", capabilities: ["CAP_NET_ADMIN"], after: ["metadata"] },
  ),
];
