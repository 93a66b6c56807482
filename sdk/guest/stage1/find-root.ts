import { shell } from "../shell.ts";

/** `/lib/find-root` of the first stage: finds the block device with the root. */
export const FIND_ROOT = shell`# What a device holds is read off its first blocks. /etc/root names, a line each, the roots that the build wrote:
# the kind of filesystem and four bytes that tell this image from another.
devices=/dev
blocks=/sys/class/block

# identify DEVICE: sets kind (empty for what is none of ours), id, uuid and label
identify() {
  kind='' id='' uuid='' label=''
  head=$(dd if="$1" bs=2048 count=1 2>/dev/null | xxd -p | tr -d '\n')
  case $head in
    68737173*)
      # squashfs has no name; the build puts a number in the place of the time at which it was made
      kind=squashfs id=\${head:16:8}
      return ;;
  esac
  if [ "\${head:2048:8}" = e2e1f5e0 ]; then
    kind=erofs id=\${head:2144:8} uuid=\${head:2144:32}
    label=$(text "$1" 1088 16)
    return
  fi
  # an ISO's own descriptor begins 32 KiB in; the mark is the disk signature of its boot record
  if [ "$(text "$1" 32769 5)" = CD001 ]; then
    kind=iso9660 id=\${head:880:8}
    label=$(text "$1" 32808 32)
    label=\${label%%  *}
    label=\${label% }
  fi
}

# text DEVICE OFFSET LENGTH
text() {
  dd if="$1" bs=1 skip="$2" count="$3" 2>/dev/null | tr -d '\000'
}

# is_root DEVICE: whether it is the one that is wanted; it has been identified
is_root() {
  case $wanted in
    '') grep -qx "$kind $id" "$known" ;;
    LABEL=*) [ "$label" ] && [ "$label" = "\${wanted#LABEL=}" ] ;;
    UUID=*) [ "$kind" ] && { is_uuid "$uuid" || is_uuid "$id"; } ;;
    *) [ "$1" = "$wanted" ] ;;
  esac
}

# is_uuid DIGITS: with or without hyphens, in either case
is_uuid() {
  [ "$1" ] && [ "$1" = "$(echo "\${wanted#UUID=}" | tr -d - | tr A-F a-f)" ]
}

# find_root: sets device and kind; fails where there is none yet, and then seen says what there is
find_root() {
  seen=''
  for folder in "$blocks"/*; do
    # no medium, or nothing behind it
    size=0
    read -r size <"$folder/size"
    device=$devices/\${folder##*/}
    { [ "$size" -gt 0 ] && [ -e "$device" ]; } || continue
    identify "$device"
    if is_root "$device"; then return 0; fi
    seen="$seen, \${folder##*/} (\${kind:-nothing known}\${id:+ $id}\${label:+ \"$label\"})"
  done
  seen=\${seen#, }
  return 1
}
`;
