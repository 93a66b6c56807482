import type { Entry } from "../archive/entry.ts";
import type { BlobStore } from "../cache/blob-store.ts";
import { devicePatterns } from "./device-patterns.ts";
import { type KernelContents, openKernelPack } from "./kernel-pack.ts";
import type { LockedDeb } from "./locked.ts";
import { moduleName } from "./modinfo.ts";
import { moduleOrder } from "./module-order.ts";

export interface KernelOptions {
  readonly store: BlobStore;
  /** Holds `indexes/`: see `defaultCacheDir`. */
  readonly cacheDir: string;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Modules that every image has, those of them that its kernel has: what QEMU, AWS, GCP and Azure show a machine, its
 * power button, and the overlay filesystem that containers with a writable root need. Transports come before drivers.
 */
export const DEFAULT_MODULES: readonly string[] = Object.freeze([
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

/** Beside them, in the generic flavour: disks and network cards of real machines and of VMware and Xen. */
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

/** Beside them on arm64, whose machines in QEMU have neither ACPI nor, in Debian's kernel, a driver for the button that they have. */
export const ARM64_MODULES: readonly string[] = Object.freeze(["virtio_input"]);

/**
 * Modules that lead to a root on a disk, those of them that its kernel has: controllers, disks and CDs in virtual and real
 * machines, and the filesystems that a root may be.
 */
export const ROOT_MODULES: readonly string[] = Object.freeze([
  "virtio_pci",
  "virtio_mmio",
  "virtio_blk",
  "virtio_scsi",
  "nvme",
  "hv_vmbus",
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

/** Where modules lie in the OS; `/lib` leads there too. */
export const MODULES_FOLDER = "usr/lib/modules";

/** Kernel modules as files, and the lines that say in which order they are loaded. */
export interface KernelModules {
  /** Files under {@link MODULES_FOLDER}, with paths relative to the root, sorted. */
  readonly files: AsyncIterable<Entry>;
  /** For insmod: a module's absolute path, then the devices without which it can stay out (patterns of modalias), if there are such. */
  readonly order: readonly string[];
}

/**
 * The default modules and those asked for, with all that they need. The package is in the store.
 *
 * @param options `purpose: "root"` takes {@link ROOT_MODULES} for the default ones
 * @throws NOT_FOUND for a name that the kernel does not have, with the nearest that it has
 */
export async function kernelModules(
  deb: Pick<LockedDeb, "name" | "sha256">,
  names: readonly string[],
  options: KernelOptions & { readonly purpose?: "root" },
): Promise<KernelModules> {
  const pack = await openKernelPack(deb, options);
  const order = moduleOrder(pack.contents, [...defaultsOf(deb.name, pack.contents, options.purpose), ...names]);
  const patterns = devicePatterns(order);
  // what a user asks for is loaded, whatever the machine has
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

/** The kernel's own file. The package is in the store. */
export async function kernelFile(deb: Pick<LockedDeb, "name" | "sha256">, options: KernelOptions): Promise<AsyncIterable<Uint8Array>> {
  return (await openKernelPack(deb, options)).vmlinuz().body;
}

/** The configuration that the kernel was built with: lines `CONFIG_X=y`. The package is in the store. */
export async function kernelConfig(deb: Pick<LockedDeb, "name" | "sha256">, options: KernelOptions): Promise<string> {
  return (await openKernelPack(deb, options)).contents.config;
}

function defaultsOf(deb: string, { modules, builtin }: KernelContents, purpose: "root" | undefined): string[] {
  const known = new Set([...modules.map(({ name }) => name), ...builtin]);
  if (purpose === "root") return ROOT_MODULES.filter((name) => known.has(name));
  // s390x has one kernel, and none of this hardware
  const isGeneric = !deb.includes("-cloud-") && !deb.endsWith("-s390x");
  return [...DEFAULT_MODULES, ...(isGeneric ? GENERIC_MODULES : []), ...(deb.endsWith("-arm64") ? ARM64_MODULES : [])].filter((name) =>
    known.has(name),
  );
}

function needsOf(name: string, order: readonly { readonly name: string; readonly depends: readonly string[] }[]): string[] {
  const module = order.find((other) => other.name === name);
  return module ? [name, ...module.depends.flatMap((needed) => needsOf(needed, order))] : [];
}
