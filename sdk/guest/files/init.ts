import { shell } from "../shell.ts";

/** `/init`: PID 1. The part that checks whether the image is complete must not need any other file. */
export const INIT = shell`#!/bin/sh
# PID 1: brings the machine up, runs the containers, and takes it down again.
# Every fork counts under emulation, so what the shell can do itself it does.
PATH=/usr/sbin:/usr/bin:/sbin:/bin
export PATH

if [ "$1" != moved ]; then
  # /proc is not there yet, so the shell cannot find BusyBox by itself
  if [ ! -s /lib/linuxkit/complete ]; then
    /bin/busybox mount -t proc proc /proc
    read -r _ total _ </proc/meminfo
    nonce=-
    why="the image was not unpacked whole: $((total / 1024)) MiB of memory is too little for it, or it is damaged"
    if [ -s /lib/linuxkit/firmware ]; then
      . /lib/linuxkit/firmware
      /bin/busybox mount -t sysfs sysfs /sys
      read_nonce
    fi
    read -r up _ </proc/uptime
    printf '\036linuxkit %s %s failed %s\n' "$nonce" "$up" "$why"
    /bin/busybox stty sane
    /bin/busybox poweroff -f
  fi
  # the kernel's first root has no parent mount, which pivot_root wants: its bind on top of it has one
  /bin/busybox mount --bind / /mnt
  cd /mnt || exit 1
  /bin/busybox mount --move . /
  exec /bin/busybox chroot . /init moved
fi

for part in console mounts firmware harden modules network volumes wait log container tasks health supervisor power secrets shutdown; do
  . "/lib/linuxkit/$part"
done

mount_proc
echo -1000 >/proc/self/oom_score_adj
read -r started _ </proc/uptime
mount_base
# what the shell itself complains of is no report
exec 9>/dev/console >/run/log/init.log 2>&1
read_firmware
secret_folders
read -r release </proc/sys/kernel/osrelease
read -r boot_id </proc/sys/kernel/random/boot_id
# for containers that would tell which boot they belong to: a file of /proc has no size, and servers send nothing of it
echo "$boot_id" >/run/linuxkit/boot_id
say_at "$started" kernel "$release" "$boot_id"
say_at "$started" init
set_parameters early
load_modules
close_user_namespaces
seal_root
say mounts
ulimit -n 1048576
start_network
mount_volumes

ending=
trap 'ending=reboot' TERM INT
trap 'ending=poweroff' USR1 USR2
# Ctrl-Alt-Del, and what s390x has for a power button, become an INT instead of the machine's end on the spot
echo 0 >/proc/sys/kernel/ctrl-alt-del
open_events 1
watch_power &
run_onboot
# a task may have asked the cloud for it
[ ! -s /run/config/hostname ] || hostname -F /run/config/hostname
close_kernel
start_firewall
start_services
until [ "$ending" ]; do
  # waits for its own children and reaps whatever was orphaned; comes back at once when there is none
  wait
  [ "$ending" ] || nap 1
done
shut_down "$ending"
`;
