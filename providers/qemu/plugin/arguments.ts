import type { Arch } from "../../../sdk/core/arch.ts";
import { apiPortArguments } from "./api-port.ts";
import type { EfiFirmware } from "./efi-firmware.ts";
import type { Publication } from "../../../sdk/definition/publication.ts";

/** What executes the guest's instructions. */
export type Accelerator = "kvm" | "hvf" | "tcg";

/** A disk file that the machine sees as a virtio block device. */
export interface DiskAttachment {
  /** Absolute path on the host, or a path relative to the machine's folder. */
  readonly path: string;
  /** The file's format. */
  readonly format: "raw" | "qcow2";
  /** Serial that the guest finds it by, as `/dev/disk/by-id/virtio-SERIAL` or `/sys/block/vdX/serial`: at most 20 bytes. */
  readonly serial: string;
  /** Whether the guest only reads it. @default false */
  readonly readOnly?: boolean;
}

/** Everything that QEMU's command line depends on. Paths may be relative to the machine's folder, where QEMU starts. */
export interface MachineSpec {
  readonly arch: Arch;
  readonly accelerator: Accelerator;
  /** Shown in process lists: `linuxkit-KEY`. */
  readonly name: string;
  /** Undefined for a machine that boots a disk. */
  readonly kernel?: string;
  /** Undefined for a kernel alone, as in a probe. */
  readonly initrd?: string;
  readonly cmdline: string;
  /** The disk that firmware boots, instead of a kernel file. */
  readonly boot?: { readonly disk: DiskAttachment; readonly efi: EfiFirmware };
  readonly memoryMiB: number;
  readonly cpus: number;
  readonly publish: readonly Publication[];
  readonly disks: readonly DiskAttachment[];
  /** Items of the firmware configuration device, and their files. Undefined on s390x, which has no such device. */
  readonly firmware: readonly { readonly name: string; readonly file: string }[];
  /** The control socket, if any. Relative, because a socket's path has at most 107 bytes (unix(7)). */
  readonly monitor?: string;
  /** Whether the guest can open connections to this host and beyond. @default true */
  readonly outbound?: boolean;
  /** Whether QEMU's system calls are filtered, which not every build of it can do. @default false */
  readonly sandbox?: boolean;
  /** The options with which it becomes another user right before the guest starts: see `qemu-user.ts`. @default none */
  readonly runAs?: readonly string[];
  /** A network beside its own: the path of the socket of its switch, and the card's address there. @default none */
  readonly lan?: { readonly socket: string; readonly mac: string };
  /** Whether it has the ports of the interface to the machine. @default false */
  readonly api?: boolean;
}

interface ArchTraits {
  readonly binary: string;
  /** Debian's package with the binary. */
  readonly package: string;
  readonly machine: string;
  /** CPU model under emulation. */
  readonly cpu: string;
  /** How its virtio devices are attached. */
  readonly bus: "pci" | "ccw";
  readonly console: readonly string[];
  /** The power button of a machine without ACPI: see {@link pressPower}. */
  readonly button?: readonly string[];
  /** The kernel's name of that console. */
  readonly tty: string;
}

const TRAITS: Readonly<Record<Arch, ArchTraits>> = {
  amd64: {
    binary: "qemu-system-x86_64",
    package: "qemu-system-x86",
    machine: "q35",
    cpu: "max",
    bus: "pci",
    console: ["-serial", "chardev:console"],
    tty: "ttyS0",
  },
  // "max" emulates pointer authentication, which makes a boot four times as slow
  arm64: {
    binary: "qemu-system-aarch64",
    package: "qemu-system-arm",
    machine: "virt",
    cpu: "cortex-a57",
    bus: "pci",
    console: ["-serial", "chardev:console"],
    tty: "ttyAMA0",
    button: ["-device", "virtio-keyboard-pci"],
  },
  s390x: {
    binary: "qemu-system-s390x",
    package: "qemu-system-misc",
    machine: "s390-ccw-virtio",
    cpu: "max",
    bus: "ccw",
    console: ["-device", "sclpconsole,chardev=console"],
    tty: "ttysclp0",
  },
};

/** The QEMU program for an architecture, and the Debian package that has it. */
export function qemuProgram(arch: Arch): { readonly binary: string; readonly package: string } {
  return TRAITS[arch];
}

/** Whether the machine has a firmware configuration device. */
export function hasFirmwareDevice(arch: Arch): boolean {
  return arch !== "s390x";
}

/** Presses the machine's power button, by a command of QEMU's protocol. */
export async function pressPower(arch: Arch, execute: (command: string, args?: object) => Promise<unknown>): Promise<void> {
  await execute("system_powerdown");
  if (TRAITS[arch].button) await execute("send-key", { keys: [{ type: "qcode", data: "power" }] });
}

/**
 * The kernel's command line with the machine's own needs: its console last, because programs write to the last one, and a
 * reboot on panic, which ends QEMU so that `refresh` notices. Output reaches the console even if the image names another
 * architecture's console or a screen.
 */
export function machineCmdline(arch: Arch, cmdline: string): string {
  const words = cmdline.split(/\s+/).filter(Boolean);
  const { tty } = TRAITS[arch];
  const last = words
    .findLast((word) => word.startsWith("console="))
    ?.slice("console=".length)
    .split(",")[0];
  if (last !== tty) words.push(`console=${tty}`);
  if (!words.some((word) => word.startsWith("panic="))) words.push("panic=-1");
  // Linux counts ten ticks of its timer and panics without them (arch/x86/kernel/apic/io_apic.c: timer_irq_works), which a busy host may
  // cause where QEMU emulates the processor; under KVM Linux leaves the check out by itself (kernel/kvm.c: kvm_guest_init)
  if (arch === "amd64") words.push("no_timer_check");
  return words.join(" ");
}

/** Filters QEMU's own system calls: it starts no program, changes no user and no other process (QEMU: system/invocation, -sandbox). */
export const SANDBOX = ["-sandbox", "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny"] as const;

/** The same where QEMU gives up root itself: without capabilities it cannot take back any user (capabilities(7)). */
const CHANGING_USER = SANDBOX.map((word) => word.replace("elevateprivileges=deny", "elevateprivileges=allow"));

/** QEMU's arguments for a machine, without the program's name. Its console is on standard output. */
export function qemuArguments(spec: MachineSpec): string[] {
  const { machine, cpu, bus, console, button = [] } = TRAITS[spec.arch];
  return [
    "-name",
    spec.name,
    ...(spec.sandbox ? (spec.runAs?.length ? CHANGING_USER : SANDBOX) : []),
    ...(spec.runAs ?? []),
    "-nodefaults",
    "-no-user-config",
    "-display",
    "none",
    "-no-reboot",
    "-machine",
    machine,
    "-accel",
    spec.accelerator === "tcg" ? "tcg,thread=multi" : spec.accelerator,
    "-cpu",
    spec.accelerator === "tcg" ? cpu : "host",
    "-m",
    `${spec.memoryMiB}M`,
    "-smp",
    processors(spec),
    ...kernelArguments(spec),
    "-chardev",
    "stdio,id=console,signal=off",
    ...console,
    ...button,
    ...(spec.monitor === undefined
      ? []
      : ["-chardev", `socket,id=monitor,path=${spec.monitor},server=on,wait=off`, "-mon", "chardev=monitor,mode=control"]),
    "-object",
    "rng-builtin,id=rng",
    "-device",
    `virtio-rng-${bus},rng=rng`,
    "-netdev",
    network(spec),
    // the network card's boot ROM only costs time
    "-device",
    bus === "pci" ? "virtio-net-pci,netdev=net,romfile=" : "virtio-net-ccw,netdev=net",
    ...spec.disks.flatMap((disk, index) => diskArguments(disk, index, bus)),
    ...bootArguments(spec, bus),
    ...firmwareArguments(spec),
    // last, so that the other devices keep their slots
    ...(spec.api ? apiPortArguments(bus) : []),
    ...(spec.lan ? lanArguments(spec.lan, bus) : []),
  ];
}

/**
 * Before 8.1 ("tcg: Do not elide memory barriers for !CF_PARALLEL in system mode"), QEMU emulated a machine that can never
 * have a second processor without memory barriers, although device threads share its memory. Rarely, the network card missed
 * work and stopped for good. A slot for a second processor brings the barriers back.
 */
function processors({ accelerator, cpus }: MachineSpec): string {
  return accelerator === "tcg" && cpus === 1 ? "1,maxcpus=2" : String(cpus);
}

/**
 * QEMU's user network leads a guest's connections to its router, 10.0.2.2, to the loopback interface of this host, and
 * QEMU has no option against that alone (net/slirp.c leaves libslirp's `disable_host_loopback` unset). The guest's firewall
 * closes the router to services; a guest that opens no connection is closed here as well. IPv6, which no service has, would
 * be a second way to the same places.
 */
function network({ publish, outbound = true }: MachineSpec): string {
  return ["user", "id=net", "ipv6=off", ...(outbound ? [] : ["restrict=on"]), ...publish.map(hostForward)].join(",");
}

function hostForward({ protocol, address, hostPort, guestPort }: Publication): string {
  return `hostfwd=${protocol}:${address}:${hostPort}-:${guestPort}`;
}

/** A connection to a switch: QEMU, qapi/net.json, NetdevStreamOptions, since 7.2. */
function lanArguments({ socket, mac }: NonNullable<MachineSpec["lan"]>, bus: string): string[] {
  const netdev = { type: "stream", id: "lan", server: false, addr: { type: "unix", path: socket } };
  const card = { driver: `virtio-net-${bus}`, netdev: "lan", mac, ...(bus === "pci" && { romfile: "" }) };
  return ["-netdev", JSON.stringify(netdev), "-device", JSON.stringify(card)];
}

/** The address of a machine's card in a network, from its own there: no other machine has it. The 2 says that no maker gave it (IEEE 802, 8.4). */
export function macOf(address: string): string {
  const parts = (address.split("/")[0] ?? "").split(".").map(Number);
  return [2, 0, ...parts].map((part) => part.toString(16).padStart(2, "0")).join(":");
}

function kernelArguments({ kernel, initrd, arch, cmdline }: MachineSpec): string[] {
  return kernel === undefined
    ? []
    : ["-kernel", kernel, ...(initrd === undefined ? [] : ["-initrd", initrd]), "-append", machineCmdline(arch, cmdline)];
}

// the disk comes last, so that the other disks keep their names
function bootArguments({ boot, disks }: MachineSpec, bus: string): string[] {
  if (boot === undefined) return [];
  const { disk, efi } = boot;
  return [
    "-drive",
    `if=pflash,format=raw,unit=0,readonly=on,file=${efi.code}`,
    // a machine starts only once, so these writes may be lost with it
    "-drive",
    `if=pflash,format=raw,unit=1,snapshot=on,file=${efi.variables}`,
    ...diskArguments(disk, disks.length, bus, { bootindex: 0 }),
  ];
}

// JSON, because a comma in a path would end an option in QEMU's short syntax
function diskArguments(disk: DiskAttachment, index: number, bus: string, more: object = {}): string[] {
  const id = `disk${index}`;
  const readOnly = disk.readOnly ?? false;
  const node = {
    driver: disk.format,
    "node-name": id,
    "read-only": readOnly,
    discard: "unmap",
    file: { driver: "file", filename: disk.path, "read-only": readOnly, discard: "unmap" },
  };
  return [
    "-blockdev",
    JSON.stringify(node),
    "-device",
    JSON.stringify({ driver: `virtio-blk-${bus}`, drive: id, serial: disk.serial, ...more }),
  ];
}

function firmwareArguments({ arch, firmware }: MachineSpec): string[] {
  if (!hasFirmwareDevice(arch) || firmware.length === 0) return [];
  // QEMU's own tables share the default of 32 slots, and QEMU aborts when they run out
  return ["-global", "fw_cfg.x-file-slots=256", ...firmware.flatMap(({ name, file }) => ["-fw_cfg", `name=${name},file=${file}`])];
}
