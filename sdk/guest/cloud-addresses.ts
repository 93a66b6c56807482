/** A network, or ports of it, that a service reaches only by naming it. */
export interface ClosedNetwork {
  /** IPv4; services have no IPv6 at all. */
  readonly to: string;
  readonly protocol?: "tcp" | "udp";
  readonly ports?: readonly number[];
  /** Who says what is there. */
  readonly source: string;
}

/**
 * What neither `any` nor a wide network covers: where clouds keep a machine's credentials and its agents' goals, and the
 * other services. IPv6 has such addresses too (fd00:ec2::254 on AWS, fd20:ce::254 on Google Cloud, fd00:c1::a9fe:a9fe on
 * Oracle's); a service has no IPv6.
 */
export const CLOSED: readonly ClosedNetwork[] = [
  { to: "169.254.0.0/16", source: "metadata of AWS, Google Cloud, Azure, Oracle and OpenStack, and AWS's of containers (169.254.170.2)" },
  {
    to: "168.63.129.16/32",
    protocol: "tcp",
    ports: [80, 32526],
    source: "Azure: what is IP address 168.63.129.16 (WireServer, HostGAPlugin)",
  },
  { to: "100.100.100.200/32", source: "Alibaba Cloud: view instance metadata" },
  { to: "192.0.0.192/32", source: "Oracle Cloud's older address of instance metadata" },
  { to: "198.18.0.0/16", source: "the links of services, see firewall.ts" },
];
