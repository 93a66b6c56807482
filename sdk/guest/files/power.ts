import { shell } from "../shell.ts";

/** `/lib/linuxkit/power`: the power button or power key, with which QEMU and clouds request a shutdown. */
export const POWER = shell`# The ACPI power button is an input device. Its driver and the reader of its events can wait until the services run.
# A machine without ACPI has a keyboard instead, on which nothing but that button is pressed.

watch_power() {
  open_events power
  await_healthy 3
  load_power_button
  for button in /sys/class/input/event*; do
    [ -e "$button/device/name" ] || continue
    read -r kind <"$button/device/name"
    case $kind in "Power Button" | gpio-keys | "QEMU Virtio Keyboard") await_press "/dev/input/\${button##*/}" & ;; esac
  done
  wait
}

# load_power_button: a kernel that is closed to modules by now has it
load_power_button() {
  for module in evdev button virtio_input; do
    [ -e "/lib/modules/$module.ko" ] && insmod "/lib/modules/$module.ko" 2>/dev/null
  done
}

# await_press DEVICE: any event of a button is a press; one event is 24 bytes
await_press() {
  unshare -m -p -f /bin/busybox dd if="$1" of=/dev/null bs=24 count=1 2>/dev/null 8>&- 9>&- && kill -USR2 1
}
`;
