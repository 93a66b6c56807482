import { shell } from "../shell.ts";

/** `/init` of the first stage: a small initramfs that mounts a root on a disk, and then runs the init of that root. */
export const STAGE1_INIT = shell`#!/bin/sh
# PID 1 until the root is mounted: loads drivers, waits for the device, puts memory over it that may be written, and
# gives way to /init of the root, for which all is as in an initramfs.
PATH=/bin
export PATH

# fail MESSAGE: the console is kept by a machine that is off
fail() {
  read -r up _ </proc/uptime
  printf '\036linuxkit - %s failed %s\n' "$up" "$*"
  stty sane
  poweroff -f
}

# /proc is not there yet, so the shell cannot find BusyBox by itself
/bin/busybox mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs devtmpfs /dev
exec 2>/log

. /lib/modules-list
. /lib/find-root

wanted='' known=/etc/root limit=30 writable=50%
read -r cmdline </proc/cmdline
set -f
for word in $cmdline; do
  case $word in
    root=*) wanted=\${word#root=} ;;
    linuxkit.rootwait=*) limit=\${word#*=} ;;
    linuxkit.overlay=*) writable=\${word#*=} ;;
  esac
done
set +f
case $limit in '' | *[!0-9]*) fail "linuxkit.rootwait: got '$limit', wanted whole seconds" ;; esac

seconds() {
  read -r up _ </proc/uptime
  seconds=\${up%.*}
}

# drivers [all]: those for devices that are there; all of them, when the root is not found among these
drivers() {
  found=' '
  while read -r module patterns; do
    is_loaded "$module" && continue
    if [ "$1" ] || wanted $patterns; then insmod "$module"; fi
  done </etc/modules.list
}

# what a person must know who sees no root: which controllers of disks have no driver
without_driver() {
  for folder in /sys/bus/pci/devices/*; do
    [ -e "$folder/driver" ] && continue
    read -r class <"$folder/class"
    case $class in
      0x0106*) echo ", a SATA controller that this kernel has no driver for (debian.kernel({ flavour: \"generic\" }) has it)" ;;
      0x01*) echo ", a disk controller (\${folder##*/}, class $class) without a driver" ;;
    esac
  done
}

drivers
seconds
began=$seconds said=''
until find_root; do
  seconds
  waited=$((seconds - began))
  if [ "$waited" -ge "$limit" ]; then
    fail "no root after $limit s (linuxkit.rootwait=SECONDS waits longer): wanted \${wanted:-$(tr '\n' ',' <$known | sed 's/,$//; s/,/ or /g')}, found \${seen:-no disk}$(without_driver)"
  fi
  if [ "$waited" -ge 2 ]; then
    [ "$said" ] || echo "linuxkit: waiting for the root \${wanted:-that this image was built with}; there is \${seen:-no disk}"
    said=y
    drivers all
  else
    drivers
  fi
  sleep 0.1
done

mount \${kind:+-t $kind} -o ro "$device" /lower || fail "the root on $device (\${kind:-no filesystem known}) cannot be mounted: $(dmesg | tail -n 1); the image is damaged, or cut short"
{ [ -x /lower/init ] || [ -L /lower/init ]; } || fail "the root on $device ($kind) has no /init: it is no system, or damaged"
mount -t tmpfs -o "mode=755,size=$writable" tmpfs /upper || fail "linuxkit.overlay: got '$writable', wanted a size that tmpfs takes, such as 64m or 25%"
mkdir /upper/files /upper/work
mount -t overlay -o lowerdir=/lower,upperdir=/upper/files,workdir=/upper/work overlay /root || fail "no writable layer on the root: $(tail -n 1 /log)"
exec 2>&1
/bin/busybox umount /dev /sys /proc
exec /bin/busybox switch_root /root /init
`;
