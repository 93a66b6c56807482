import type { IdMappingArgs } from "../../definition/mount.ts";
import type { Known } from "../../definition/inputs.ts";
import type { Step } from "../../core/property-path.ts";
import type { PartFacts } from "../fact.ts";

/** The facts of id mappings: each range is one, so that another range is one less and one more. */
export function addMappings(facts: PartFacts, at: readonly Step[], mappings: readonly Known<IdMappingArgs>[] = []): void {
  for (const { containerID, hostID, size } of mappings) {
    const name = `${at.at(-1)} ${containerID} to ${hostID}, ${size} ids`;
    facts.add("mapping", name, [...at, `${containerID}:${hostID}:${size}`], true);
  }
}
