import { shell } from "../shell.ts";

/** `/lib/linuxkit/harden`: sets the kernel parameters of a hardened machine. */
export const HARDEN = shell`# Parameters of the kernel, as lines "path value" of /proc/sys. Without the files nothing is set.

# set_parameters early|last: what this kernel does not have is left out, what it refuses ends the boot
set_parameters() {
  [ -e "/lib/linuxkit/parameters.$1" ] || return 0
  while read -r path value; do
    if [ -e "/proc/sys/$path" ]; then
      echo "$value" 2>/dev/null >"/proc/sys/$path" || boot_failed "the kernel parameter $path does not take $value"
    fi
  done <"/lib/linuxkit/parameters.$1"
}

# close_kernel: when the tasks at boot have ended, so that none of them has the last word
close_kernel() {
  [ -s /lib/linuxkit/parameters.last ] && load_power_button
  set_parameters early
  set_parameters last
}
`;
