/*
 * What the default sandbox sets where neither the definition nor an image does. An image's label is compared with it:
 * see `labelParts`.
 */

/** Paths of /proc and /sys that Docker and containerd hide: memory, keys, timers and hardware of the whole machine. */
export const MASKED_PATHS: readonly string[] = Object.freeze([
  "/proc/acpi",
  "/proc/asound",
  "/proc/interrupts",
  "/proc/kcore",
  "/proc/keys",
  "/proc/latency_stats",
  "/proc/sched_debug",
  "/proc/scsi",
  "/proc/timer_list",
  "/proc/timer_stats",
  "/sys/devices/virtual/powercap",
  "/sys/firmware",
]);

/** Paths that are read-only in Docker and containerd. */
export const READONLY_PATHS: readonly string[] = Object.freeze(["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"]);

/**
 * The default limit of processes and threads of a container. Without it, a fork bomb stops only at the kernel's limit for
 * the whole machine (1590 processes were measured with 256 MiB), where other programs cannot fork either.
 */
export const PIDS_LIMIT = 1024;
