/*
 * What the default sandbox sets where neither the definition nor an image does. An image's label is compared with it:
 * see `labelParts`.
 */

/**
 * Paths of /proc and /sys that are hidden: what Docker and containerd hide (memory, keys, timers and hardware of the whole
 * machine), and what else the kernel shows to user 0 alone, because by default a service is user 0: the state of each page
 * of memory (admin-guide/mm/pagemap), and the kernel's own use of it and addresses in it.
 */
export const MASKED_PATHS: readonly string[] = Object.freeze([
  "/proc/acpi",
  "/proc/asound",
  "/proc/interrupts",
  "/proc/kallsyms",
  "/proc/kcore",
  "/proc/key-users",
  "/proc/keys",
  "/proc/kpagecgroup",
  "/proc/kpagecount",
  "/proc/kpageflags",
  "/proc/latency_stats",
  "/proc/pagetypeinfo",
  "/proc/sched_debug",
  "/proc/scsi",
  "/proc/slabinfo",
  "/proc/timer_list",
  "/proc/timer_stats",
  "/proc/vmallocinfo",
  "/sys/devices/virtual/powercap",
  "/sys/firmware",
  "/sys/kernel/notes",
  "/sys/kernel/slab",
  "/sys/kernel/vmcoreinfo",
]);

/** Paths that are read-only in Docker and containerd. */
export const READONLY_PATHS: readonly string[] = Object.freeze(["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"]);

/**
 * The default limit of processes and threads of a container. Without it, a fork bomb stops only at the kernel's limit for
 * the whole machine (1590 processes were measured with 256 MiB), where other programs cannot fork either.
 */
export const PIDS_LIMIT = 1024;
