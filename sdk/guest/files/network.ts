import { shell } from "../shell.ts";

/** `/lib/linuxkit/network`: what every machine has before its first task. */
export const NETWORK = shell`# The loopback link, the host name, and a place for name servers. All else is the work of an onboot task.

start_network() {
  # the kernel gives it 127.0.0.1 by itself
  ip link set lo up
  host=
  [ -s /etc/hostname ] && read -r host </etc/hostname
  if [ -z "$host" ] && [ -e /sys/class/net/eth0/address ]; then
    IFS=: read -r a b c d e f </sys/class/net/eth0/address
    host=linuxkit-$a$b$c$d$e$f
  fi
  [ "$host" ] && echo "$host" >/proc/sys/kernel/hostname
  if [ -L /etc/resolv.conf ]; then
    mkdir -p /run/resolvconf
    [ -e /etc/resolv.conf ] || : >/etc/resolv.conf
  fi
}
`;
