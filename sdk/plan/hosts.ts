import type { PrivateNetwork } from "../guest/firewall.ts";

/** `/etc/hosts` of every container, as LinuxKit's builder writes it. */
export const HOSTS = `127.0.0.1       localhost
::1     localhost ip6-localhost ip6-loopback
fe00::0 ip6-localnet
ff00::0 ip6-mcastprefix
ff02::1 ip6-allnodes
ff02::2 ip6-allrouters
`;

/** `/etc/hosts` of a service that names others (hosts(5)): an address and a name in each line. */
export function hostsText({ hosts }: Pick<PrivateNetwork, "hosts">): string {
  return HOSTS + hosts.map(({ name, address }) => `${address}\t${name}\n`).join("");
}
