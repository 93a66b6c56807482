import { shell } from "../shell.ts";

/** `/lib/linuxkit/firmware`: reads QEMU's firmware configuration device. */
export const FIRMWARE_READER = shell`# QEMU's firmware configuration: this boot's word, user data and secrets. When all is read the driver goes,
# so no container can ask it again. Where there is none, the word may be on the kernel's command line, which every
# container can read: only good for machines that run nothing foreign.
firmware=/sys/firmware/qemu_fw_cfg/by_name/opt/linuxkit

read_nonce() {
  nonce=
  set -f
  if [ -e /lib/modules/qemu_fw_cfg.ko ] && insmod /lib/modules/qemu_fw_cfg.ko 2>/dev/null; then
    # the blob ends without a line break, which makes read fail although it has read
    read -r nonce <"$firmware/nonce/raw" || :
  fi 2>/dev/null
  if [ -z "$nonce" ]; then
    read -r cmdline </proc/cmdline
    for word in $cmdline; do
      case $word in linuxkit.nonce=*) nonce=\${word#*=} ;; esac
    done
  fi
  set +f
  case $nonce in '' | *[!A-Za-z0-9_-]*) nonce=- ;; esac
}

read_firmware() {
  read_nonce
  if [ -e "$firmware/userdata/raw" ]; then
    cat "$firmware/userdata/raw" >/run/config/userdata
  fi
  for folder in "$firmware"/secrets/*/; do
    [ -d "$folder" ] && read_secrets "$folder"
  done
  if [ -e /sys/firmware/qemu_fw_cfg ]; then rmmod qemu_fw_cfg; fi
}

# read_secrets FOLDER: one service's
read_secrets() {
  service=\${1%/}
  service=\${service##*/}
  secret_folder "$service"
  service=/run/linuxkit/secrets/$service
  for blob in "$1"*/raw; do
    [ -e "$blob" ] || continue
    secret=\${blob%/raw}
    secret=$service/\${secret##*/}
    (umask 377 && cat "$blob" >"$secret")
  done
}
`;
