import { shell } from "../shell.ts";

/** `/lib/linuxkit/shutdown`: the orderly shutdown. */
export const SHUTDOWN = shell`# Services, then the tasks of shutdown, then disks.

# shut_down poweroff|reboot
shut_down() {
  ending=
  trap '' TERM INT USR1 USR2
  say shutdown "$1"
  # they were started together, so they are told together, the last one first: the slowest decides how long it takes
  kill -TERM $supervisors 2>/dev/null
  for supervisor in $supervisors; do wait_for "$supervisor"; done
  run_onshutdown
  power_off "$1"
}

# power_off poweroff|reboot
power_off() {
  trap '' TERM INT USR1 USR2
  kill -9 -1
  unmount_disks
  say off
  # not before the last byte of the console is out
  stty sane <&9
  "$1" -f
}

# unmount_disks: the last mounted first
unmount_disks() {
  sync
  disks=
  while read -r device folder _; do
    case $device in /dev/*) disks="$folder $disks" ;; esac
  done </proc/mounts
  for disk in $disks; do umount -r "$disk"; done
}
`;
