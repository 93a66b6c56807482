import { both, type Row, type Setting } from "./setting.ts";

const sysctl = <N extends string>(rows: Readonly<Record<N, Row | string>>): Readonly<Record<N, Setting>> =>
  Object.fromEntries(
    Object.entries<Row | string>(rows).map(([name, row]) => [name, { kind: "sysctl", ...(typeof row === "string" ? both(row) : row) }]),
  ) as Record<N, Setting>;

const ipv6 = { config: ["IPV6"] };

/** The parameter that forbids loading modules. It is set after the last module, and cannot be undone before a reboot. */
export const MODULES_DISABLED = "kernel.modules_disabled";

/** Kernel parameters by name. A string is the value in both profiles, on any kernel. */
export const SYSCTL = sysctl({
  "kernel.kptr_restrict": "2",
  "kernel.dmesg_restrict": "1",
  [MODULES_DISABLED]: both("1", { config: ["MODULES"] }),
  "kernel.perf_event_paranoid": both("3", { config: ["PERF_EVENTS"] }),
  "kernel.kexec_load_disabled": both("1", { config: ["KEXEC_CORE"] }),
  "kernel.randomize_va_space": "2",
  "kernel.yama.ptrace_scope": {
    strict: "3",
    default: "2",
    config: ["SECURITY_YAMA"],
    costs: "3 forbids ptrace even for root, and breaks containers in user namespaces",
  },
  "kernel.unprivileged_bpf_disabled": both("1", { config: ["BPF_SYSCALL"] }),
  "kernel.io_uring_disabled": { strict: "2", since: [6, 6], config: ["IO_URING"], costs: "databases use it" },
  "kernel.sysrq": both("0", { config: ["MAGIC_SYSRQ"] }),
  "kernel.warn_limit": both("100", { since: [6, 1] }),
  "kernel.oops_limit": both("100", { since: [6, 1] }),
  "user.max_user_namespaces": { strict: "0", config: ["USER_NS"], costs: "containers cannot have a user namespace" },
  "dev.tty.ldisc_autoload": "0",
  "dev.tty.legacy_tiocsti": both("0", { since: [6, 2] }),
  "net.core.bpf_jit_harden": both("2", { config: ["BPF_JIT"] }),
  "vm.unprivileged_userfaultfd": both("0", { config: ["USERFAULTFD"] }),
  "vm.mmap_min_addr": "65536",
  "vm.mmap_rnd_bits": both("32", { arches: ["amd64", "arm64"], config: ["HAVE_ARCH_MMAP_RND_BITS"] }),
  "vm.mmap_rnd_compat_bits": both("16", { arches: ["amd64", "arm64"], config: ["HAVE_ARCH_MMAP_RND_COMPAT_BITS"] }),
  "fs.protected_symlinks": "1",
  "fs.protected_hardlinks": "1",
  "fs.protected_fifos": "2",
  "fs.protected_regular": "2",
  "fs.suid_dumpable": "0",
  "net.ipv4.icmp_ignore_bogus_error_responses": "1",
  "net.ipv4.icmp_echo_ignore_broadcasts": "1",
  "net.ipv4.tcp_syncookies": both("1", { config: ["SYN_COOKIES"] }),
  "net.ipv4.conf.all.accept_redirects": "0",
  "net.ipv4.conf.default.accept_redirects": "0",
  "net.ipv4.conf.all.accept_source_route": "0",
  "net.ipv4.conf.default.accept_source_route": "0",
  "net.ipv6.conf.all.accept_redirects": both("0", ipv6),
  "net.ipv6.conf.default.accept_redirects": both("0", ipv6),
  "net.ipv6.conf.all.accept_source_route": both("0", ipv6),
  "net.ipv6.conf.default.accept_source_route": both("0", ipv6),
  "net.ipv6.conf.all.accept_ra": {
    strict: "0",
    ...ipv6,
    costs: "a machine gets no IPv6 route in networks that use router advertisements, as clouds do",
  },
  "net.ipv6.conf.default.accept_ra": { strict: "0", ...ipv6, costs: "the same as net.ipv6.conf.all.accept_ra" },
});

/** The path of a parameter below `/proc/sys`. */
export function sysctlPath(name: string): string {
  return name.replaceAll(".", "/");
}
