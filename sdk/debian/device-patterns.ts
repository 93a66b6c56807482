import type { ModuleInfo } from "./modinfo.ts";

/** Buses whose devices are all known by the time that the guest loads modules, virtio's once its transport is loaded. */
const KNOWN_BUSES = /^(?:pci|virtio|acpi):/;

/**
 * For each module the devices without which the guest need not load it; none means that it is always loaded.
 *
 * A driver has its own devices. A driver of a bus that is only known later (SCSI, Hyper-V's) has those of the modules
 * that bring such a bus: what it depends on, else what depends on the same as it does, be it through a library. A library
 * has those of all its users, when all of them have some.
 *
 * @param order as `moduleOrder` gives it
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
  // a disk of SCSI may hang behind any of the controllers, be it one that the loop before came to only late
  const allUsersOf = (name: string): ModuleInfo[] => usersOf(name).flatMap((user) => [user, ...allUsersOf(user.name)]);
  const later = drivers().map(
    (module) => [module.name, union(module.depends.flatMap(allUsersOf).filter((other) => other !== module))] as const,
  );
  for (const [name, found] of later) if (found.length > 0) patterns.set(name, found);
  // users come after what they use: from the last to the first, all users of a library are settled before it
  for (const module of [...order].reverse()) {
    const users = usersOf(module.name);
    if (patterns.has(module.name) || users.length === 0 || !users.every(({ name }) => patterns.has(name))) continue;
    const all = union(users);
    // what a transport of virtio uses is loaded before there can be devices of virtio to ask for
    patterns.set(module.name, users.some(isTransport) ? all.filter((pattern) => !pattern.startsWith("virtio:")) : all);
  }
  return patterns;
}
