import { both, type Row, type Setting } from "./setting.ts";

const cmdline = <N extends string>(rows: Readonly<Record<N, Row>>): Readonly<Record<N, Setting>> =>
  Object.fromEntries(Object.entries<Row>(rows).map(([name, row]) => [name, { kind: "cmdline", ...row }])) as Record<N, Setting>;

// on s390x Debian signs neither kernel nor modules, so a kernel that requires signatures would load no module
const SIGNED = ["amd64", "arm64"] as const;

/** Words of the kernel's command line, by the name before `=`. The value of a word without `=` is empty. */
export const COMMAND_LINE = cmdline({
  hardened_usercopy: both("1", { config: ["HARDENED_USERCOPY"] }),
  init_on_alloc: both("1"),
  init_on_free: { strict: "1", costs: "memory is written once more when it is freed" },
  randomize_kstack_offset: both("1", { config: ["RANDOMIZE_KSTACK_OFFSET"] }),
  "page_alloc.shuffle": both("1", { config: ["SHUFFLE_PAGE_ALLOCATOR"] }),
  slab_nomerge: both(""),
  pti: both("on", { arches: ["amd64"], config: ["PAGE_TABLE_ISOLATION", "MITIGATION_PAGE_TABLE_ISOLATION"] }),
  nosmt: { strict: "", arches: ["amd64"], config: ["SMP"], costs: "it halves the CPUs of a machine with two threads per core" },
  hash_pointers: both("always", { since: [6, 16] }),
  "iommu.passthrough": both("0", { arches: SIGNED, config: ["IOMMU_SUPPORT"] }),
  "iommu.strict": { strict: "1", arches: SIGNED, config: ["IOMMU_SUPPORT"], costs: "it lowers the throughput of fast disks and networks" },
  mitigations: { strict: "auto,nosmt", default: "auto", costs: "nosmt halves the CPUs of a machine with two threads per core" },
  "kfence.sample_interval": both("100", { config: ["KFENCE"] }),
  vsyscall: both("none", { arches: ["amd64"], config: ["X86_VSYSCALL_EMULATION"] }),
  vdso32: both("0", { arches: ["amd64"], config: ["IA32_EMULATION"] }),
  cfi: both("kcfi", { arches: ["amd64"], since: [6, 2], config: ["CFI_CLANG", "CFI"] }),
  lockdown: {
    strict: "confidentiality",
    default: "integrity",
    arches: SIGNED,
    config: ["SECURITY_LOCKDOWN_LSM"],
    costs: "confidentiality blocks tracing with perf and BPF, even for root",
  },
  "module.sig_enforce": both("1", { arches: SIGNED, config: ["MODULE_SIG"] }),
  efi: {
    strict: "disable_early_pci_dma",
    arches: SIGNED,
    config: ["EFI_STUB"],
    costs: "with it, some firmware hangs without a message: try it on the target machine",
  },
  intel_iommu: {
    strict: "on",
    arches: ["amd64"],
    config: ["INTEL_IOMMU"],
    costs: "on machines with such a unit, it slows each transfer of a device",
  },
  iommu: { strict: "force", arches: ["amd64"], config: ["IOMMU_SUPPORT"], costs: "it slows transfers, as intel_iommu does" },
  ia32_emulation: { strict: "0", arches: ["amd64"], since: [6, 7], config: ["IA32_EMULATION"], costs: "32-bit programs no longer run" },
  debugfs: both("off", { config: ["DEBUG_FS"] }),
  bdev_allow_write_mounted: {
    strict: "0",
    since: [6, 8],
    costs: "tools can no longer write to the device below a mounted filesystem",
  },
  "proc_mem.force_override": both("never", { since: [6, 12] }),
});

const WORDS_AGAINST = [
  "nokaslr",
  "no_hash_pointers",
  "nosmep",
  "nosmap",
  "dis_ucode_ldr",
  "setcpuid",
  "clearcpuid",
  "nopti",
  "nospec_store_bypass_disable",
  "nospectre_v1",
  "nospectre_v2",
  "nospectre_bhb",
  "arm64.nobti",
  "arm64.nopauth",
  "arm64.nomte",
  "arm64.nogcs",
  "slab_merge",
  "slub_merge",
  "norandmaps",
  "sysrq_always_enabled",
] as const;

/** Words that switch a protection off, with any value. */
export const ABSENT = Object.fromEntries(WORDS_AGAINST.map((word) => [word, { kind: "absent" }])) as unknown as Readonly<
  Record<(typeof WORDS_AGAINST)[number], Setting>
>;

/** A word of the command line: `name=value`, or `name` if the value is empty. */
export function wordOf(name: string, value: string): string {
  return value === "" ? name : `${name}=${value}`;
}
