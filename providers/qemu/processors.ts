import { LinuxKitError } from "../../sdk/core/errors.ts";
import { isDeferred } from "../../sdk/core/deferred.ts";
import { highestCpu } from "../../sdk/definition/cpu-list.ts";
import { containersOf, type Definition } from "../../sdk/definition/definition.ts";

/**
 * Checks that a machine has every processor that a container is bound to, as far as the program knows it: the kernel refuses a
 * list with others (cgroup-v2.rst, "cpuset.cpus").
 *
 * @param what names the machine in errors
 * @param cpus the program's argument; a value that is not known yet is skipped @default 1
 * @throws INVALID_DEFINITION for a processor that the machine lacks
 */
export function checkProcessors(what: string, cpus: unknown, definition: Definition | undefined): void {
  const count = cpus ?? 1;
  if (!definition || typeof count !== "number") return;
  const { onboot, onshutdown, services } = definition;
  if ([onboot, onshutdown, services].some(isDeferred)) return;
  for (const { phase, name, container } of containersOf(definition)) {
    const list = isDeferred(container) || isDeferred(container.resources) ? undefined : container.resources?.cpu?.cpus;
    const highest = typeof list === "string" ? highestCpu(list) : undefined;
    if (highest === undefined || highest < count) continue;
    const path = `${phase}.${name}.resources.cpu.cpus`;
    throw new LinuxKitError(
      "INVALID_DEFINITION",
      `${what}: ${path}: got ${JSON.stringify(list)}, but the machine has ${count === 1 ? "only processor 0" : `processors 0 to ${count - 1}`}: set cpus: ${highest + 1} of the machine, or a shorter list`,
      { path },
    );
  }
}
