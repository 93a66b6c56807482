import type { Capability } from "./capability.ts";

const words = (text: string): readonly string[] => text.trim().split(/\s+/);

/**
 * System calls of Linux up to 6.12 that a program may make without capabilities, by their names on amd64, arm64 and
 * s390x. A name that an architecture lacks is ignored there. Left out on purpose, although the kernel has checks of its
 * own: access to other processes, the kernel's keys (namespaces do not separate them), loadable code, namespaces, and
 * large, rarely used interfaces with a history of vulnerabilities (io_uring, userfaultfd).
 */
export const ALLOWED: readonly string[] = words(`
  access chdir chmod chown close close_range copy_file_range creat dup dup2 dup3 faccessat faccessat2 fadvise64
  fallocate fchdir fchmod fchmodat fchmodat2 fchown fchownat fcntl fdatasync fgetxattr flistxattr flock fremovexattr
  fsetxattr fstat fstatfs fsync ftruncate futimesat getcwd getdents getdents64 getxattr lchown lgetxattr link linkat
  listxattr llistxattr lremovexattr lseek lsetxattr lstat mkdir mkdirat mknod mknodat newfstatat open openat openat2
  read readahead readlink readlinkat readv removexattr rename renameat renameat2 rmdir setxattr stat statfs statx
  symlink symlinkat sync sync_file_range syncfs truncate umask unlink unlinkat utime utimensat utimes write writev
  pread64 preadv preadv2 pwrite64 pwritev pwritev2 sendfile splice tee vmsplice ioctl name_to_handle_at
  inotify_add_watch inotify_init inotify_init1 inotify_rm_watch

  epoll_create epoll_create1 epoll_ctl epoll_pwait epoll_pwait2 epoll_wait eventfd eventfd2 poll ppoll pselect6 select
  signalfd signalfd4 timerfd_create timerfd_gettime timerfd_settime
  io_cancel io_destroy io_getevents io_pgetevents io_setup io_submit

  brk cachestat madvise map_shadow_stack membarrier memfd_create mincore mlock mlock2 mlockall mmap mprotect mremap
  mseal msync munlock munlockall munmap pkey_alloc pkey_free pkey_mprotect

  arch_prctl capget capset execve execveat exit exit_group fork futex futex_requeue futex_wait futex_waitv futex_wake
  get_robust_list getcpu getegid geteuid getgid getgroups getpgid getpgrp getpid getppid getpriority getrandom getresgid
  getresuid getrlimit getrusage getsid gettid getuid ioprio_get ioprio_set kill landlock_add_rule
  landlock_create_ruleset landlock_restrict_self pidfd_open pidfd_send_signal prctl prlimit64 restart_syscall rseq
  sched_get_priority_max sched_get_priority_min sched_getaffinity sched_getattr sched_getparam sched_getscheduler
  sched_rr_get_interval sched_setaffinity sched_setattr sched_setparam sched_setscheduler sched_yield seccomp
  set_robust_list set_tid_address setfsgid setfsuid setgid setgroups setpgid setpriority setregid setresgid setresuid
  setreuid setrlimit setsid setuid sysinfo tgkill time times tkill uname vfork wait4 waitid

  alarm clock_getres clock_gettime clock_nanosleep getitimer gettimeofday nanosleep pause setitimer timer_create
  timer_delete timer_getoverrun timer_gettime timer_settime
  rt_sigaction rt_sigpending rt_sigprocmask rt_sigqueueinfo rt_sigreturn rt_sigsuspend rt_sigtimedwait
  rt_tgsigqueueinfo sigaction sigaltstack signal sigpending sigprocmask sigreturn sigsuspend

  ipc mq_getsetattr mq_notify mq_open mq_timedreceive mq_timedsend mq_unlink msgctl msgget msgrcv msgsnd pipe pipe2
  semctl semget semop semtimedop shmat shmctl shmdt shmget

  accept accept4 bind connect getpeername getsockname getsockopt listen recvfrom recvmmsg recvmsg sendmmsg sendmsg
  sendto setsockopt shutdown socketcall socketpair
`);

/** The calls that each capability allows. They are useless without it. */
export const OF_CAPABILITY: Readonly<Partial<Record<Capability, readonly string[]>>> = {
  CAP_BPF: words("bpf"),
  CAP_DAC_READ_SEARCH: words("open_by_handle_at"),
  CAP_PERFMON: words("bpf perf_event_open"),
  CAP_SYS_ADMIN: words(`
    bpf clone3 fanotify_init fanotify_mark fsconfig fsmount fsopen fspick listmount lsm_get_self_attr lsm_list_modules
    lsm_set_self_attr mount mount_setattr move_mount open_tree perf_event_open pivot_root quotactl quotactl_fd
    setdomainname sethostname setns statmount swapoff swapon syslog umount umount2 unshare`),
  CAP_SYS_BOOT: words("kexec_file_load kexec_load reboot"),
  CAP_SYS_CHROOT: words("chroot"),
  CAP_SYS_MODULE: words("delete_module finit_module init_module"),
  CAP_SYS_NICE: words("get_mempolicy mbind migrate_pages move_pages set_mempolicy set_mempolicy_home_node"),
  CAP_SYS_PACCT: words("acct"),
  CAP_SYS_PTRACE: words("kcmp pidfd_getfd process_madvise process_mrelease process_vm_readv process_vm_writev ptrace"),
  CAP_SYS_RAWIO: words("ioperm iopl s390_pci_mmio_read s390_pci_mmio_write"),
  CAP_SYS_TIME: words("adjtimex clock_adjtime clock_settime settimeofday stime"),
  CAP_SYS_TTY_CONFIG: words("vhangup"),
  CAP_SYSLOG: words("syslog"),
};

/** Calls that no capability allows. A custom profile or `unconfined` allows them. */
export const NEVER: readonly string[] = words(`
  add_key io_uring_enter io_uring_register io_uring_setup keyctl lookup_dcookie memfd_secret modify_ldt nfsservctl
  remap_file_pages request_key userfaultfd uselib ustat vserver
`);

/** Calls that the default filter allows or refuses by their arguments. */
export const BY_ARGUMENT: readonly string[] = ["clone", "personality", "socket"];

/** Every call that the default filter knows. */
export const SYSTEM_CALLS: readonly string[] = [...new Set([...ALLOWED, ...NEVER, ...BY_ARGUMENT, ...Object.values(OF_CAPABILITY).flat()])];
