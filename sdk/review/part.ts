import type { Step } from "../core/property-path.ts";
import { containersOf, type Definition, type Placed } from "../definition/definition.ts";

/** A container as a part of an operating system. */
export interface NamedPart {
  /** Its path: `["services", "web"]`, `["onboot", "dhcp"]`; a second task of the same name is `["onboot", "dhcp#2"]`. */
  readonly steps: readonly Step[];
  readonly placed: Placed;
}

/** Every container that a definition names, by its name, so that another order of the tasks changes no path. */
export function partsOf(definition: Definition): NamedPart[] {
  const seen = new Map<string, number>();
  return containersOf({ ...definition, volumeTasks: {} }).map((placed) => {
    const { phase, name } = placed;
    const count = (seen.get(`${phase}.${name}`) ?? 0) + 1;
    seen.set(`${phase}.${name}`, count);
    return { steps: [phase, count === 1 ? name : `${name}#${count}`], placed };
  });
}
