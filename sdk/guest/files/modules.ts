import { shell } from "../shell.ts";

/** `/lib/linuxkit/modules`: loads kernel modules in the order that the build determined. */
export const MODULES = shell`# Each line of /etc/modules.list is the path of a module, in the order of insertion. Patterns may follow: then the
# module is for devices of these names, and stays out when the machine has none of them.

load_modules() {
  refused=
  found=' '
  while read -r module patterns; do
    case $module in
      # read already; needed only for the power button, which can wait
      */qemu_fw_cfg.ko | */evdev.ko | */button.ko | */virtio_input.ko) continue ;;
    esac
    # the first stage of a root that is no initramfs has loaded what leads to the root
    is_loaded "$module" && continue
    if wanted $patterns; then
      insmod "$module" 2>/dev/null || refused="$refused \${module##*/}"
    fi
  done </etc/modules.list
  say modules$refused
}

# is_loaded PATH: files may have hyphens where the kernel has underscores
is_loaded() {
  name=\${1##*/}
  name=\${name%.ko}
  [ -e "/sys/module/\${name//-/_}" ]
}

# wanted [PATTERN…]
wanted() {
  [ $# -gt 0 ] || return 0
  for pattern; do
    bus=\${pattern%%:*}
    find_devices "\${bus%\*}"
    # one pattern is matched against all names at once: each stands between spaces
    case $found in *" "$pattern" "*) return 0 ;; esac
  done
  return 1
}

# find_devices BUS: adds the names of its devices once; those of virtio exist when its own driver is in
find_devices() {
  case $found in *" bus=$1 "*) return ;; esac
  found="$found bus=$1 "
  for device in /sys/bus/"$1"/devices/*/modalias; do
    [ -e "$device" ] && read -r alias <"$device" && found="$found $alias "
  done
}
`;
