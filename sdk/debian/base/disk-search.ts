/** The common part of the disk scripts, in BusyBox shell: finds and inspects disks, and reports failures. */
export const DISK_SEARCH = `# die TEXT…
die() {
  echo "$program: $*" >&2
  exit 1
}

# only NAME COMMAND…: where no other device is in sight
only() {
  unshare -m sh -c 'name=$1
    shift
    mkdir -p /tmp/dev && : >"/tmp/dev/$name" &&
      mount -o bind "/dev/$name" "/tmp/dev/$name" && mount -o rbind /tmp/dev /dev && exec "$@"' only "$@"
}

# find_label LABEL: $found is the block device whose ext4 filesystem has it, or empty. Two of them are one too many.
find_label() {
  found=
  for node in /sys/class/block/*; do
    name=\${node##*/}
    read -r sectors <"$node/size" || continue
    if [ "$sectors" = 0 ] || [ "$(e2label "/dev/$name" 2>/dev/null)" != "$1" ]; then continue; fi
    if [ "$found" ]; then die "$found and $name both hold a filesystem with the label $1: detach one of them, or give it another label with e2label"; fi
    found=$name
  done
}

# find_serial SERIAL: $found is the disk that has it, or empty; a cloud that gives serials of its own has told which, and
# $sought is then that one
find_serial() {
  found=
  sought=$1
  if [ -r "/run/config/disks/$1" ]; then read -r sought <"/run/config/disks/$1" || :; fi
  case $sought in lun:*) find_lun "\${sought#lun:}"; return ;; esac
  for node in /sys/block/*; do
    for file in "$node/serial" "$node/device/serial"; do
      [ -r "$file" ] || continue
      # virtio's ends without a line break, which makes read fail although it has read
      serial=
      read -r serial rest <"$file" || :
      if [ "$serial" = "$sought" ]; then found=\${node##*/}; fi
    done
    if has_device_id "$node/device/vpd_pg83" "$sought"; then found=\${node##*/}; fi
  done
}

# has_device_id PAGE NAME: a SCSI disk says in this page who it is (SPC, "Device Identification"); Compute Engine puts the
# name of the device there, as text behind its length, which is a character by itself from 33 on
has_device_id() {
  [ -r "$1" ] || return 1
  if [ "\${#2}" -gt 32 ]; then tr -c '!-~' '\\n' <"$1" | cut -c2- | grep -Fxq "$2"; else tr -c '!-~' '\\n' <"$1" | grep -Fxq "$2"; fi
}

# find_lun NUMBER: $found is the data disk that an Azure machine has by this number, or empty: behind the controller of data
# disks, or a namespace of the NVMe one, where the machine's own disk is 1 and data disks begin with 2
find_lun() {
  found=
  for node in /sys/block/*; do
    case $(readlink -f "$node/device") in
    */f8b3781b-1e82-4818-a1c3-63d806ec15bb/*:"$1") found=\${node##*/} ;;
    esac
    if [ ! -r "$node/nsid" ]; then continue; fi
    read -r space <"$node/nsid" || :
    read -r model <"$node/device/model" || :
    case $model in
    "MSFT NVMe Accelerator"*) if [ "$space" = "$(($1 + 2))" ]; then found=\${node##*/}; fi ;;
    esac
  done
}

# parent_of NAME: $disk and $number of a partition; $number is empty for a whole disk
parent_of() {
  disk=$1
  number=
  if [ -e "/sys/class/block/$1/partition" ]; then
    read -r number <"/sys/class/block/$1/partition"
    disk=$(readlink -f "/sys/class/block/$1/..")
    disk=\${disk##*/}
  fi
}

# await_node NAME: the kernel reads a changed partition table again, and its devices come anew
await_node() {
  tries=0
  until [ -b "/dev/$1" ]; do
    tries=$((tries + 1))
    [ "$tries" -gt 50 ] && die "the kernel shows no /dev/$1"
    sleep 0.1
  done
}
`;
