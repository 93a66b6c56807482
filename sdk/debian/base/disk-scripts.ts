import { DISK_SEARCH } from "./disk-search.ts";

/*
 * The scripts that find, format and grow a disk in the guest: BusyBox shell, and Debian's sfdisk and e2fsprogs. Their
 * container can use every block device, because a script has to look for the right one. The tools that write run in a
 * mount namespace with only that device.
 */

/** `format LABEL WANTED PARTITIONED OWNER SECONDS`; WANTED is `/dev/…`, `serial:…` or empty. */
export const FORMAT_SCRIPT = `#!/bin/sh
program=format label=$1 wanted=$2 partitioned=$3 owner=$4 left=$5
mark="$label (unfinished)"
${DISK_SEARCH}
# holds NAME: says what a device holds, nothing when it is empty
holds() {
  set -- "$1" /sys/class/block/"$1"/*/partition
  if [ -e "$2" ]; then
    shift
    printf 'partitions:'
    for partition in "$@"; do
      partition=\${partition%/partition}
      partition=\${partition##*/}
      inside=$(holds "$partition")
      printf ' %s%s' "$partition" "\${inside:+ ($inside)}"
    done
    return
  fi
  set -- "$1" /sys/class/block/"$1"/holders/*
  if [ -e "$2" ]; then
    echo "a part of \${2##*/}"
    return
  fi
  kind=$(echo 'label: gpt' | sfdisk --no-act "/dev/$1" 2>&1 | sed -n "s/^The device contains '\\(.*\\)' signature.*/\\1/p")
  if [ "$kind" ]; then
    name=
    case $kind in ext*) name=$(e2label "/dev/$1" 2>/dev/null) ;; esac
    echo "$kind\${name:+ with the label $name}"
    return
  fi
  # whatever it is: a disk that nobody has used holds nothing but zeroes where data begins and ends
  read -r sectors <"/sys/class/block/$1/size"
  end=$((sectors / 2048 - 4))
  [ "$end" -lt 0 ] && end=0
  for place in 0 $end; do
    count=9
    [ "$place" = "$end" ] || count=4
    read_bytes=$({ dd if="/dev/$1" bs=1M skip="$place" count="$count" 2>/dev/null || echo x; } | tr -d '\\0' | head -c 1 | wc -c)
    if [ "$read_bytes" != 0 ]; then
      echo "data of no kind that is known here, within 4 MiB of its $([ "$place" = 0 ] && echo start || echo end)"
      return
    fi
  done
}

# find_unfinished: $found is the partition that an interrupted run of ours was about to format, or empty
find_unfinished() {
  found=
  for node in /sys/class/block/*/partition; do
    [ -e "$node" ] || continue
    node=\${node%/partition}
    if grep -qxF "PARTNAME=$mark" "$node/uevent"; then found=\${node##*/}; fi
  done
}

# find_empty: $found is the only empty disk, or empty; $others says what there is beside it
find_empty() {
  found=
  others=
  for node in /sys/block/*; do
    [ -e "$node/device" ] || continue
    name=\${node##*/}
    read -r sectors <"$node/size"
    read -r read_only <"$node/ro"
    [ "$sectors" = 0 ] && continue
    held=$(holds "$name")
    [ "$read_only" = 1 ] && held="\${held:-nothing}, and is read-only"
    if [ "$held" ]; then
      others="$others; $name holds $held"
    elif [ "$found" ]; then
      die "$found and $name are both empty: name the one for $label by its serial or device"
    else
      found=$name
    fi
  done
}

# find_wanted: $found is the device that was named and is there, or empty
find_wanted() {
  found=
  case $wanted in
  /dev/*)
    [ -b "$wanted" ] && found=$(readlink -f "$wanted")
    found=\${found##*/}
    ;;
  serial:*) find_serial "\${wanted#serial:}" ;;
  esac
}

# choose: $chosen is the device to format, or empty
choose() {
  if [ "$wanted" ]; then find_wanted; else find_empty; fi
  chosen=$found
  if [ "$chosen" ] && [ "$wanted" ]; then
    held=$(holds "$chosen")
    if [ "$held" ]; then
      die "$chosen holds $held, and no filesystem with the label $label: it was left as it is. Name another disk, or clear this one by hand (wipefs --all on every partition, then on the disk)"
    fi
  fi
}

# make_filesystem NAME: by its path, for BusyBox has an applet of that name
make_filesystem() {
  only "$1" /sbin/mke2fs -q -F -t ext4 -L "$label" -E "root_owner=$owner" "/dev/$1" || die "$1 could not be formatted"
}

before=
while :; do
  find_label "$label"
  if [ "$found" ]; then
    has=$found
    parent_of "$has"
    find_wanted
    case $found in
    '' | "$has" | "$disk") echo "format: $has has the label $label" ;;
    *) die "$has has the label $label, and the disk that is named for it is $found: detach one of them, or name the other" ;;
    esac
    exit 0
  fi
  find_unfinished
  [ "$found" ] && chosen=$found && break
  choose
  # an empty disk that nobody named is taken at the second look: the one with the label may be a moment late
  if [ "$chosen" ] && { [ "$wanted" ] || [ "$chosen" = "$before" ]; }; then break; fi
  before=$chosen
  left=$((left - 1))
  if [ "$left" -lt 0 ]; then
    case $wanted in
    /dev/*) die "there is no $wanted for $label; there are: $(ls /sys/block | tr '\\n' ' ')" ;;
    serial:*) die "there is no disk with the serial $sought for $label; there are: $(ls /sys/block | tr '\\n' ' ')" ;;
    *) die "there is no filesystem with the label $label, and no empty disk to make it on\${others:-; there is no disk at all}" ;;
    esac
  fi
  sleep 1
done

parent_of "$chosen"
if [ -z "$number" ] && [ "$partitioned" = 1 ]; then
  # until the filesystem is whole the partition says so by its name
  printf 'label: gpt\\nstart=1MiB, type=linux, name="%s"\\n' "$mark" | only "$disk" sfdisk -q "/dev/$disk" || die "$disk could not be partitioned"
  tries=0
  find_unfinished
  until [ "$found" ]; do
    tries=$((tries + 1))
    [ "$tries" -gt 50 ] && die "the kernel does not show the new partition of $disk"
    sleep 0.1
    find_unfinished
  done
  chosen=$found
  await_node "$chosen"
fi
make_filesystem "$chosen"
parent_of "$chosen"
if [ "$number" ] && grep -qxF "PARTNAME=$mark" "/sys/class/block/$chosen/uevent"; then
  only "$disk" sfdisk -q --part-label "/dev/$disk" "$number" "$label" || die "partition $number of $disk could not be named"
  await_node "$chosen"
fi
echo "format: $chosen has the label $label now"
`;

/** `extend LABEL SECONDS` */
export const EXTEND_SCRIPT = `#!/bin/sh
program=extend label=$1 left=$2
${DISK_SEARCH}
find_label "$label"
until [ "$found" ]; do
  left=$((left - 1))
  [ "$left" -lt 0 ] && die "there is no filesystem with the label $label"
  sleep 1
  find_label "$label"
done
device=$found
parent_of "$device"

# the table's second copy ends the disk: it has 33 sectors, and partitions begin at whole MiB
if [ "$number" ]; then
  read -r sectors <"/sys/class/block/$disk/size"
  read -r begin <"/sys/class/block/$device/start"
  read -r size <"/sys/class/block/$device/size"
  last=1
  for node in /sys/class/block/"$disk"/*/start; do
    read -r other <"$node"
    [ "$other" -gt "$begin" ] && last=
  done
  if [ "$last" ] && [ $((sectors - begin - size)) -gt 4096 ]; then
    case $(sfdisk -d "/dev/$disk" 2>/dev/null) in
    *'label: gpt'*) only "$disk" sfdisk -q --relocate gpt-bak-std "/dev/$disk" || die "the partition table of $disk could not be moved to its end" ;;
    esac
    echo ', +' | only "$disk" sfdisk -q -N "$number" "/dev/$disk" || die "$device could not be grown"
    await_node "$device"
    read -r grown <"/sys/class/block/$device/size"
    echo "extend: $device grew from $((size / 2048)) to $((grown / 2048)) MiB"
  fi
fi

only "$device" e2fsck -p "/dev/$device"
[ $? -ge 4 ] && die "the filesystem on $device is damaged beyond what may be mended without asking: e2fsck"
read -r size <"/sys/class/block/$device/size"
blocks=$(dumpe2fs -h "/dev/$device" 2>/dev/null | sed -n 's/^Block count: *//p')
bytes=$(dumpe2fs -h "/dev/$device" 2>/dev/null | sed -n 's/^Block size: *//p')
if [ "$blocks" ] && [ "$blocks" -lt $((size / (bytes / 512))) ]; then
  # a filesystem that is mounted grows step by step under its journal: power may fail at any moment
  only "$device" sh -c 'mkdir -p /tmp/grow && mount -t ext4 "$1" /tmp/grow && resize2fs "$1"' grow "/dev/$device" || die "the filesystem on $device could not be grown"
fi
`;
