import { z } from "zod";
import type { DebianImage } from "../../definition/debian-image.ts";
import { fields, seconds, word } from "../../definition/fields.ts";
import { checked, debianImage } from "./arguments.ts";

/** The schema of {@link DhcpArgs}. */
export const dhcpSchema = fields({
  interface: word.regex(/^[^\s/]{1,15}$/, "an interface's name, such as eth0").optional(),
  timeout: seconds.optional(),
  renew: z.boolean().optional(),
  nameservers: z.array(word.regex(/^[0-9a-fA-F.:]+$/, "an IP address")).optional(),
});

/** Arguments of `debian.dhcp`. */
export interface DhcpArgs {
  /** The network interface. @default "eth0" @example "eth1" */
  readonly interface?: string | undefined;
  /** Seconds to wait for a lease before the task fails. @default 60 @example 120 */
  readonly timeout?: number | undefined;
  /** Keep running and renew the lease. Use it in a service, instead of the task or in addition to it. @default false */
  readonly renew?: boolean | undefined;
  /** IP addresses of name servers. @default those of the lease @example ["9.9.9.9"] */
  readonly nameservers?: readonly string[] | undefined;
}

/**
 * Gets an IPv4 address by DHCP. Sets the interface's address and MTU, the default route, and the name servers in
 * `/run/resolvconf/resolv.conf`, which the machine's `/etc/resolv.conf` links to.
 *
 * As an onboot task it ends once it has a lease. It fails if no lease arrives in time, or the interface is missing. The
 * address is kept until shutdown, because clouds and QEMU always give a machine the same one. If addresses can change, also
 * run `debian.dhcp({ renew: true })` as a service.
 *
 * @throws INVALID_DEFINITION
 */
export function dhcp(args: DhcpArgs = {}): DebianImage {
  const { interface: link = "eth0", timeout = 60, renew = false, nameservers = [] } = checked("debian.dhcp", dhcpSchema, args);
  return debianImage(
    { program: "linuxkitd" },
    {
      command: ["/usr/bin/linuxkitd", "dhcp", link, String(timeout), renew ? "renew" : "once", ...nameservers],
      net: "host",
      capabilities: ["CAP_NET_ADMIN", "CAP_NET_RAW", "CAP_NET_BIND_SERVICE"],
      binds: ["/run/resolvconf:/run/resolvconf"],
      runtime: { mkdir: ["/run/resolvconf"] },
    },
  );
}
