import type { Arch } from "../core/arch.ts";
import type { SettingName } from "./profile.ts";

/** An option of the kernel's configuration that the Kernel Self Protection Project recommends. */
export interface KernelOption {
  /** The option's names in different kernels, without `CONFIG_`; one of them must have the value. */
  readonly names: readonly string[];
  readonly wanted: string;
  readonly arches?: readonly Arch[];
  /** The setting that has the same effect as the option. */
  readonly instead?: SettingName;
}

type Row = readonly [names: string, instead?: SettingName];

const X86: readonly Arch[] = ["amd64"];

const rows = (wanted: string, list: readonly Row[], arches?: readonly Arch[]): KernelOption[] =>
  list.map(([names, instead]) => ({ names: names.split(" "), wanted, ...(instead && { instead }), ...(arches && { arches }) }));

/** The recommended options. Several names in a row are one option, as different kernels name it. */
export const KERNEL_OPTIONS: readonly KernelOption[] = Object.freeze([
  ...rows("y", [
    ["BUG"],
    ["BUG_ON_DATA_CORRUPTION"],
    ["STRICT_KERNEL_RWX"],
    ["STRICT_MODULE_RWX"],
    ["DEBUG_WX"],
    ["STACKPROTECTOR"],
    ["STACKPROTECTOR_STRONG"],
    ["STRICT_DEVMEM"],
    ["IO_STRICT_DEVMEM"],
    ["SYN_COOKIES"],
    ["DEBUG_LIST LIST_HARDENED"],
    ["DEBUG_SG"],
    ["DEBUG_NOTIFIERS"],
    ["DEBUG_VIRTUAL"],
    ["SCHED_STACK_END_CHECK"],
    ["SECCOMP"],
    ["SECCOMP_FILTER"],
    ["SECURITY"],
    ["SECURITY_YAMA"],
    ["SECURITY_LANDLOCK"],
    ["SECURITY_DMESG_RESTRICT", "kernel.dmesg_restrict"],
    ["HARDENED_USERCOPY"],
    ["HARDENED_USERCOPY_DEFAULT_ON", "hardened_usercopy"],
    ["SLAB_FREELIST_RANDOM"],
    ["SLAB_FREELIST_HARDENED"],
    ["SHUFFLE_PAGE_ALLOCATOR"],
    ["RANDOM_KMALLOC_CACHES"],
    ["SLAB_BUCKETS"],
    ["VMAP_STACK"],
    ["RANDOMIZE_KSTACK_OFFSET_DEFAULT", "randomize_kstack_offset"],
    ["FORTIFY_SOURCE"],
    ["INIT_ON_ALLOC_DEFAULT_ON", "init_on_alloc"],
    ["INIT_ON_FREE_DEFAULT_ON", "init_on_free"],
    ["INIT_STACK_ALL_ZERO"],
    ["ZERO_CALL_USED_REGS"],
    ["GCC_PLUGIN_LATENT_ENTROPY"],
    ["RANDSTRUCT_FULL"],
    ["UBSAN_BOUNDS"],
    ["UBSAN_TRAP"],
    ["KFENCE"],
    ["SCHED_CORE"],
    ["PAGE_TABLE_CHECK"],
    ["PAGE_TABLE_CHECK_ENFORCED"],
    ["MODULE_SIG"],
    ["MODULE_SIG_FORCE", "module.sig_enforce"],
    ["MODULE_SIG_ALL"],
    ["MODULE_SIG_SHA512"],
    ["SECURITY_LOCKDOWN_LSM"],
    ["SECURITY_LOCKDOWN_LSM_EARLY"],
    ["LOCK_DOWN_KERNEL_FORCE_CONFIDENTIALITY", "lockdown"],
    ["IOMMU_SUPPORT"],
    ["IOMMU_DEFAULT_DMA_STRICT", "iommu.strict"],
    ["STATIC_USERMODEHELPER"],
    ["RANDOMIZE_BASE"],
    ["BPF_UNPRIV_DEFAULT_OFF", "kernel.unprivileged_bpf_disabled"],
    ["PANIC_ON_OOPS", "kernel.oops_limit"],
    ["CFI_CLANG CFI"],
  ]),
  ...rows("y", [["EFI_DISABLE_PCI_DMA", "efi"], ["RESET_ATTACK_MITIGATION"]], ["amd64", "arm64"]),
  ...rows(
    "y",
    [
      ["RANDOMIZE_MEMORY"],
      ["PAGE_TABLE_ISOLATION MITIGATION_PAGE_TABLE_ISOLATION"],
      ["RETPOLINE MITIGATION_RETPOLINE"],
      ["SLS MITIGATION_SLS"],
      ["LEGACY_VSYSCALL_NONE", "vsyscall"],
      ["X86_KERNEL_IBT"],
      ["X86_USER_SHADOW_STACK"],
      ["INTEL_IOMMU"],
      ["INTEL_IOMMU_DEFAULT_ON", "intel_iommu"],
      ["INTEL_IOMMU_SVM"],
      ["AMD_IOMMU"],
    ],
    X86,
  ),
  ...rows(
    "y",
    [
      ["UNMAP_KERNEL_AT_EL0"],
      ["ARM64_SW_TTBR0_PAN"],
      ["ARM64_PTR_AUTH_KERNEL"],
      ["ARM64_BTI_KERNEL"],
      ["SHADOW_CALL_STACK"],
      ["RODATA_FULL_DEFAULT_ENABLED"],
    ],
    ["arm64"],
  ),
  ...rows("65536", [["DEFAULT_MMAP_MIN_ADDR", "vm.mmap_min_addr"]], X86),
  ...rows("32", [["ARCH_MMAP_RND_BITS", "vm.mmap_rnd_bits"]], X86),
  ...rows("n", [
    ["ACPI_CUSTOM_METHOD"],
    ["COMPAT_BRK"],
    ["DEVMEM", "lockdown"],
    ["PROC_KCORE", "lockdown"],
    ["COMPAT_VDSO"],
    ["KEXEC", "kernel.kexec_load_disabled"],
    ["HIBERNATION", "lockdown"],
    ["LEGACY_PTYS"],
    ["INET_DIAG"],
    ["BINFMT_MISC"],
    ["SECURITY_SELINUX_DISABLE"],
    ["SECURITY_SELINUX_DEVELOP"],
    ["USELIB"],
    ["USERFAULTFD", "vm.unprivileged_userfaultfd"],
    ["LDISC_AUTOLOAD", "dev.tty.ldisc_autoload"],
    ["LEGACY_TIOCSTI", "dev.tty.legacy_tiocsti"],
    ["SLAB_MERGE_DEFAULT", "slab_nomerge"],
    ["DEBUG_FS", "debugfs"],
    ["MAGIC_SYSRQ", "kernel.sysrq"],
    ["USER_NS", "user.max_user_namespaces"],
    ["IO_URING", "kernel.io_uring_disabled"],
    ["MODULES", "kernel.modules_disabled"],
  ]),
  ...rows("n", [["X86_X32_ABI X86_X32"], ["MODIFY_LDT_SYSCALL"], ["IA32_EMULATION", "ia32_emulation"], ["X86_MSR", "lockdown"]], X86),
]);
