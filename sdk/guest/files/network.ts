import { shell } from "../shell.ts";

/** `/lib/linuxkit/network`: the network that every machine has before its first task. */
export const NETWORK = shell`# The loopback link, the host name, and a place for name servers. Addresses are the work of an onboot task. The firewall
# is there before the first service that has a network of its own.

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

# start_firewall: it knows the name servers that a task has found. The machine forwards for its services and is no router
# beside that, unless it was made one before.
start_firewall() {
  [ -e /lib/linuxkit/firewall ] || return 0
  read -r forwards </proc/sys/net/ipv4/ip_forward
  {
    cat /lib/linuxkit/firewall
    [ "$forwards" = 1 ] || echo 'insert rule ip linuxkit forward iifname != "lk*" oifname != "lk*" drop'
    while read -r key address _; do
      case $key:$address in
        nameserver:*[!0-9.]*) ;;
        nameserver:?*) echo "add element ip linuxkit nameservers { $address }" ;;
      esac
    done </etc/resolv.conf
  } 2>/dev/null | nft -f - 2>/run/linuxkit/firewall.log || boot_failed "the firewall cannot be set up: $(last_line /run/linuxkit/firewall.log)"
  echo 1 >/proc/sys/net/ipv4/ip_forward
}
`;
