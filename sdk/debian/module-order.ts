import { LinuxKitError } from "../core/errors.ts";
import { nearest } from "../core/suggest.ts";
import type { KernelContents } from "./kernel-pack.ts";
import { type ModuleInfo, moduleName } from "./modinfo.ts";

/**
 * Modules and their dependencies in the order for insmod: each after the modules that it depends on. Built-in modules are
 * left out. Soft dependencies are included if the kernel has them.
 *
 * @param names as the user writes them, with `_` or `-`
 * @param packageName the kernel's package, whose flavour may be why a module is missing
 * @throws NOT_FOUND for a name that the kernel has neither as a module nor built in, with a suggestion; CORRUPT for a
 * dependency that the package lacks
 */
export function moduleOrder<M extends ModuleInfo>(
  kernel: Pick<KernelContents, "builtin" | "builtinAliases"> & { readonly modules: readonly M[] },
  names: readonly string[],
  packageName = "",
): M[] {
  const modules = new Map(kernel.modules.map((module) => [module.name, module]));
  const builtin = new Set(kernel.builtin);
  const order = new Set<M>();
  const visiting = new Set<M>();

  const add = (module: M): void => {
    // breaks cycles of soft dependencies
    if (order.has(module) || visiting.has(module)) return;
    visiting.add(module);
    for (const alias of module.before) addSoft(alias);
    for (const name of module.depends) {
      const needed = modules.get(name);
      if (needed) add(needed);
      else if (!builtin.has(name))
        throw new LinuxKitError("CORRUPT", `kernel module ${module.name} needs ${name}, which is not in its package`, {
          path: module.name,
        });
    }
    visiting.delete(module);
    order.add(module);
    for (const alias of module.after) addSoft(alias);
  };
  const addSoft = (alias: string): void => {
    const name = moduleName(alias);
    if (builtin.has(name) || kernel.builtinAliases.includes(alias)) return;
    const module = modules.get(name) ?? preferred(kernel.modules.filter(({ aliases }) => aliases.includes(alias)));
    if (module) add(module);
  };

  for (const typed of names) {
    const name = moduleName(typed);
    const module = modules.get(name);
    if (module) add(module);
    else if (!builtin.has(name)) {
      const meant = nearest(name, [...modules.keys(), ...builtin]);
      const why = meant ? `: did you mean "${meant}"?` : "";
      throw new LinuxKitError("NOT_FOUND", `the kernel has no module "${typed}"${why}${flavourHint(packageName)}`, { what: typed });
    }
  }
  return [...order];
}

// of several modules with the same alias, such as crc32c, the one that runs on every processor
function preferred<M extends ModuleInfo>(modules: readonly M[]): M | undefined {
  return modules.find(({ name }) => name.endsWith("_generic")) ?? modules[0];
}

/** Debian's cloud flavour leaves out the drivers of real hardware; the generic one has the modules of both. */
function flavourHint(packageName: string): string {
  return /-cloud-(amd64|arm64)/.test(packageName)
    ? `; ${packageName} has only what virtual machines need: a driver of real hardware is in debian.kernel({ flavour: "generic" })`
    : "";
}
