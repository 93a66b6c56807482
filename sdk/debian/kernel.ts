import type { Entry } from "../archive/entry.ts";
import type { BlobStore } from "../cache/blob-store.ts";
import { devicePatterns } from "./device-patterns.ts";
import { type KernelContents, openKernelPack } from "./kernel-pack.ts";
import type { LockedDeb } from "./locked.ts";
import { moduleName } from "./modinfo.ts";
import { moduleOrder } from "./module-order.ts";

export interface KernelOptions {
  readonly store: BlobStore;
  /** The folder with `indexes/`. See `defaultCacheDir`. */
  readonly cacheDir: string;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Modules that every image has, as far as its kernel has them: for the hardware of QEMU, AWS, GCP and Azure, the power
 * button, and the overlay filesystem that containers with a writable root need. Transports come before drivers.
 *
 * The first is the processor's own SHA-256. Debian's kernel hashes each module twice: for its signature
 * (kernel/module/signing.c), and for the list of revoked modules (its patch modsign-blacklist). By the kernel's own code
 * that is 108 instructions a byte, and a firewall's modules have a megabyte and a half.
 */
export const DEFAULT_MODULES: readonly string[] = Object.freeze([
  "sha256_ssse3",
  "virtio_pci",
  "virtio_mmio",
  "virtio_blk",
  "virtio_net",
  "virtio_rng",
  "virtio_console",
  "virtio_scsi",
  "nvme",
  "ena",
  "gve",
  "hv_vmbus",
  // brings the PCI devices of Azure's machines: NVMe disks of sizes from generation 6 on
  "pci_hyperv",
  "hv_netvsc",
  "hv_storvsc",
  "hv_utils",
  "sd_mod",
  "qemu_fw_cfg",
  "button",
  "evdev",
  "ext4",
  "overlay",
]);

/** Additional modules of the generic flavour: disks and network cards of real machines, VMware and Xen. */
export const GENERIC_MODULES: readonly string[] = Object.freeze([
  "ahci",
  "e1000",
  "e1000e",
  "igb",
  "igc",
  "ixgbe",
  "r8169",
  "tg3",
  "vmw_pvscsi",
  "vmxnet3",
  "xen_blkfront",
  "xen_netfront",
]);

/** Additional modules on arm64, for the power button: QEMU's machines have no ACPI, and Debian's kernel has no driver for their GPIO button. */
export const ARM64_MODULES: readonly string[] = Object.freeze(["virtio_input"]);

/**
 * Modules that mount a root on a disk, as far as the kernel has them: controllers, disks and CDs of virtual and real
 * machines, and the filesystems of a root.
 */
export const ROOT_MODULES: readonly string[] = Object.freeze([
  "virtio_pci",
  "virtio_mmio",
  "virtio_blk",
  "virtio_scsi",
  "nvme",
  "hv_vmbus",
  "pci_hyperv",
  "hv_storvsc",
  "xen_blkfront",
  "vmw_pvscsi",
  "ata_piix",
  "ahci",
  "xhci_pci",
  "ehci_pci",
  "usb_storage",
  "uas",
  "sd_mod",
  "sr_mod",
  "squashfs",
  "erofs",
  "isofs",
  "overlay",
]);

/** Modules that mount a root which an initramfs carries packed. A kernel must have all of them, as modules or built in. */
export const PACKED_ROOT_MODULES: readonly string[] = Object.freeze(["loop", "squashfs", "overlay"]);

/** The folder of modules in the OS; `/lib` is a symlink to `usr/lib`. */
export const MODULES_FOLDER = "usr/lib/modules";

/** What modules are for, where they are not those of an OS: a first stage mounts the root with them. */
type Purpose = "root" | "packed-root";

/** Kernel modules as files, and the order in which the guest loads them. */
export interface KernelModules {
  /** Files below {@link MODULES_FOLDER}, sorted; their paths are relative to the root. */
  readonly files: AsyncIterable<Entry>;
  /** Lines for insmod: a module's absolute path, then the modalias patterns of its devices. Without patterns it is always loaded. */
  readonly order: readonly string[];
}

/**
 * The default modules and the named ones, with their dependencies. The package must be in the store.
 *
 * @param options `purpose` uses {@link ROOT_MODULES} or {@link PACKED_ROOT_MODULES} as the default modules; `without` leaves some
 * of the default modules out, unless they are named or another needs them
 * @throws NOT_FOUND for a name that the kernel lacks, with a suggestion
 */
export async function kernelModules(
  deb: Pick<LockedDeb, "name" | "sha256">,
  names: readonly string[],
  options: KernelOptions & { readonly purpose?: Purpose; readonly without?: readonly string[] },
): Promise<KernelModules> {
  const pack = await openKernelPack(deb, options);
  const defaults = defaultsOf(deb.name, pack.contents, options.purpose).filter((name) => !options.without?.includes(name));
  const order = moduleOrder(pack.contents, [...defaults, ...names], deb.name);
  const patterns = devicePatterns(order);
  // modules that a user names are always loaded
  const asked = new Set(names.map(moduleName));
  const always = new Set(order.filter(({ name }) => asked.has(name)).flatMap((module) => needsOf(module.name, order)));
  async function* files(): AsyncGenerator<Entry> {
    for (const module of [...order].sort((a, b) => (a.file < b.file ? -1 : 1))) {
      yield {
        path: `${MODULES_FOLDER}/${module.file}`,
        type: "file",
        mode: 0o644,
        uid: 0,
        gid: 0,
        size: module.size,
        mtime: 0,
        body: pack.module(module),
      };
    }
  }
  const line = ({ name, file }: { name: string; file: string }): string =>
    [`/${MODULES_FOLDER}/${file}`, ...(always.has(name) ? [] : (patterns.get(name) ?? []))].join(" ");
  return { files: files(), order: order.map(line) };
}

/** The kernel itself. The package must be in the store. */
export async function kernelFile(deb: Pick<LockedDeb, "name" | "sha256">, options: KernelOptions): Promise<AsyncIterable<Uint8Array>> {
  return (await openKernelPack(deb, options)).vmlinuz().body;
}

/** The configuration that the kernel was built with: lines `CONFIG_X=y`. The package must be in the store. */
export async function kernelConfig(deb: Pick<LockedDeb, "name" | "sha256">, options: KernelOptions): Promise<string> {
  return (await openKernelPack(deb, options)).contents.config;
}

function defaultsOf(deb: string, { modules, builtin }: KernelContents, purpose: Purpose | undefined): readonly string[] {
  if (purpose === "packed-root") return PACKED_ROOT_MODULES;
  const known = new Set([...modules.map(({ name }) => name), ...builtin]);
  if (purpose === "root") return ROOT_MODULES.filter((name) => known.has(name));
  // s390x has only one kernel, and does not have this hardware
  const isGeneric = !deb.includes("-cloud-") && !deb.endsWith("-s390x");
  return [...DEFAULT_MODULES, ...(isGeneric ? GENERIC_MODULES : []), ...(deb.endsWith("-arm64") ? ARM64_MODULES : [])].filter((name) =>
    known.has(name),
  );
}

function needsOf(name: string, order: readonly { readonly name: string; readonly depends: readonly string[] }[]): string[] {
  const module = order.find((other) => other.name === name);
  return module ? [name, ...module.depends.flatMap((needed) => needsOf(needed, order))] : [];
}
