import { z } from "zod";
import type { DebianImage } from "../../definition/debian-image.ts";
import { fields, seconds, word } from "../../definition/fields.ts";
import { checked, debianImage } from "./arguments.ts";
import { BUSYBOX_SHELL } from "./init.ts";

const schema = fields({
  /** The network interface. @default "eth0" */
  interface: word.regex(/^[^\s/]{1,15}$/, "an interface's name, such as eth0").optional(),
  /** Seconds to wait for a lease before the task fails. @default 60 */
  timeout: seconds.optional(),
  /** Keep running and renew the lease. Use it in a service, instead of the task or in addition to it. @default false */
  renew: z.boolean().optional(),
  /** IP addresses of name servers. @default those of the lease */
  nameservers: z.array(word.regex(/^[0-9a-fA-F.:]+$/, "an IP address")).optional(),
});

/** Arguments of `debian.dhcp`. */
export type DhcpArgs = z.input<typeof schema>;

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
  const { interface: link = "eth0", timeout = 60, renew = false, nameservers = [] } = checked("debian.dhcp", schema, args);
  const once = renew ? [] : ["-q", "-n"];
  const tries = String(Math.ceil(timeout / PAUSE));
  // needs the path: as an applet of the running shell, udhcpc never runs its script
  const client = ["/bin/busybox", "udhcpc", "-f", ...once, "-i", link, "-t", tries, "-T", String(PAUSE), "-O", "mtu", "-s", SCRIPT_PATH];
  return debianImage(
    {
      packages: ["busybox-static"],
      files: [BUSYBOX_SHELL, { path: SCRIPT_PATH.slice(1), contents: leaseScript(nameservers), mode: "0755" }],
    },
    {
      command: ["/bin/sh", "-c", `${WAIT_FOR_LINK}\n${renew ? RUN : RUN_ONCE}`, link, ...client],
      net: "host",
      capabilities: ["CAP_NET_ADMIN", "CAP_NET_RAW", "CAP_NET_BIND_SERVICE"],
      binds: ["/run/resolvconf:/run/resolvconf"],
      runtime: { mkdir: ["/run/resolvconf"] },
    },
  );
}

/** Seconds between two requests for a lease. */
const PAUSE = 2;

const SCRIPT_PATH = "/usr/share/udhcpc/lease";

// the driver may need a moment to create the interface, $0
const WAIT_FOR_LINK = `n=0
until [ -e "/sys/class/net/$0" ]; do
  n=$((n + 1))
  if [ "$n" -gt 50 ]; then
    echo "dhcp: there is no interface $0; there are: $(ls /sys/class/net | tr '\\n' ' ')" >&2
    exit 1
  fi
  sleep 0.1
done
ip link set "$0" up`;

const RUN = 'exec "$@"';

// udhcpc ignores the exit code of its script
const RUN_ONCE = `"$@" || exit
ip -4 address show dev "$0" | grep -q inet && exit
echo "dhcp: there is a lease, and it could not be set on $0" >&2
exit 1`;

// udhcpc runs it with the event as $1 and the lease in variables (BusyBox's own convention)
function leaseScript(nameservers: readonly string[]): string {
  return `#!/bin/sh
resolver=/run/resolvconf/resolv.conf

case "$1" in
deconfig)
  # the client begins with this; an address that an earlier run set is used until another is given
  ip link set "$interface" up
  ;;
bound | renew)
  # such as Google's networks, whose packets are smaller than Ethernet's; below 576 nothing of IP need work
  case "$mtu" in
  '' | *[!0-9]*) ;;
  *) if [ "$mtu" -ge 576 ]; then ip link set "$interface" mtu "$mtu" || echo "dhcp: $interface does not take the size of packets $mtu" >&2; fi ;;
  esac
  case "$(ip -4 address show dev "$interface")" in
  *" $ip/"*) ;;
  *) ip -4 address flush dev "$interface" ;;
  esac
  ip -4 address replace "$ip/\${mask:-24}" broadcast + dev "$interface" || exit 1
  for gateway in $router; do
    ip -4 route replace default via "$gateway" dev "$interface" onlink || exit 1
    break
  done
  {
    if [ -n "$domain" ]; then echo "search $domain"; fi
    for server in ${nameservers.length > 0 ? nameservers.join(" ") : "$dns"}; do echo "nameserver $server"; done
  } >"$resolver.new" || exit 1
  # written over, not replaced: containers that bind the file see what it says then
  cat "$resolver.new" >"$resolver" && rm "$resolver.new" || exit 1
  echo "dhcp: $interface has $ip/\${mask:-24}, gateway \${router:-none}, name servers ${nameservers.length > 0 ? nameservers.join(" ") : "${dns:-none}"}"
  ;;
leasefail)
  echo "dhcp: no lease on $interface yet" >&2
  ;;
nak)
  echo "dhcp: the server refused $interface: $message" >&2
  ip -4 address flush dev "$interface"
  ;;
esac
`;
}
