import type { ModuleInfo } from "./modinfo.ts";

/**
 * Buses whose devices are all known when the guest loads modules; virtio's are known once its transport is loaded. The
 * processor with its features is a device too (linux/cpufeature.h).
 */
const KNOWN_BUSES = /^(?:pci|virtio|acpi|cpu):/;

/** Brings PCI devices after the guest has loaded its modules: Hyper-V offers them one by one. Source: drivers/pci/controller/pci-hyperv.c. */
const LATE_PCI = "pci_hyperv";

/** Drivers of the devices that Azure passes to its machines. Source: Microsoft Learn, "SCSI to NVMe for Linux VMs", "Accelerated Networking overview". */
const BEHIND_LATE_PCI: readonly string[] = ["nvme", "mana", "mlx5_core"];

/**
 * The devices of each module. The guest loads a module only if one of its devices is present; a module without patterns
 * is always loaded.
 *
 * A driver has its own devices. A driver of a bus that appears later (SCSI, Hyper-V) has the devices of the modules that
 * provide the bus: its dependencies, otherwise modules with the same dependencies, also indirect ones. A library has the
 * devices of all its users, if each of them has some. A driver of a PCI device that Hyper-V brings later has Hyper-V's too.
 *
 * @param order the result of `moduleOrder`
 * @returns modalias patterns by module name
 */
export function devicePatterns(order: readonly ModuleInfo[]): ReadonlyMap<string, readonly string[]> {
  const patterns = new Map<string, readonly string[]>();
  const usersOf = (name: string): ModuleInfo[] => order.filter(({ depends }) => depends.includes(name));
  const union = (modules: readonly ModuleInfo[]): string[] => [...new Set(modules.flatMap(({ name }) => patterns.get(name) ?? []))];
  const isDriver = ({ aliases }: ModuleInfo): boolean => aliases.some((alias) => /^[a-z0-9*]+:/.test(alias));
  const isTransport = ({ name, depends }: ModuleInfo): boolean =>
    depends.includes("virtio") && !patterns.get(name)?.some((pattern) => pattern.startsWith("virtio:"));

  for (const module of order) {
    const own = module.aliases.map((alias) => alias.replace(/^acpi\*:/, "acpi:")).filter((alias) => KNOWN_BUSES.test(alias));
    if (own.length > 0) patterns.set(module.name, own);
  }
  const drivers = (): ModuleInfo[] => order.filter((module) => !patterns.has(module.name) && isDriver(module));
  for (const module of drivers()) {
    const found = union(order.filter(({ name }) => module.depends.includes(name) && patterns.has(name)));
    if (found.length > 0) patterns.set(module.name, found);
  }
  // a SCSI disk may be behind any controller, including one that the loop above handles later
  const allUsersOf = (name: string): ModuleInfo[] => usersOf(name).flatMap((user) => [user, ...allUsersOf(user.name)]);
  const later = drivers().map(
    (module) => [module.name, union(module.depends.flatMap(allUsersOf).filter((other) => other !== module))] as const,
  );
  for (const [name, found] of later) if (found.length > 0) patterns.set(name, found);
  // not before drivers() has given it the devices of the bus that it is on itself
  const late = patterns.get(LATE_PCI) ?? [];
  for (const name of BEHIND_LATE_PCI) {
    const own = patterns.get(name);
    if (own) patterns.set(name, [...new Set([...own, ...late])]);
  }
  // users come after the modules they use, so in reverse order all users of a library are done before it
  for (const module of [...order].reverse()) {
    const users = usersOf(module.name);
    if (patterns.has(module.name) || users.length === 0 || !users.every(({ name }) => patterns.has(name))) continue;
    const all = union(users);
    // a module that a virtio transport uses must be loaded before virtio devices can exist
    patterns.set(module.name, users.some(isTransport) ? all.filter((pattern) => !pattern.startsWith("virtio:")) : all);
  }
  return patterns;
}
