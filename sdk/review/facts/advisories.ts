import type { Advisories } from "../../advisory/advisory.ts";
import { vulnerabilitiesOf } from "../../advisory/affected.ts";
import type { Step } from "../../core/property-path.ts";
import type { Installed } from "../../sbom/installed.ts";
import type { PartFacts } from "../fact.ts";

/** The facts of known faults: one for each advisory and source package. */
export function addAdvisories(facts: PartFacts, image: readonly Step[], installed: readonly Installed[], advisories: Advisories): void {
  const known = new Set<string>();
  for (const { advisory, fixed, installed: one } of vulnerabilitiesOf(installed, advisories)) {
    const name = `${advisory.id} of ${one.source.name}`;
    if (known.has(name)) continue;
    known.add(name);
    const value = fixed === undefined ? "no version mends it yet" : `${fixed} mends it`;
    facts.add("advisory", name, [...image, "advisories", advisory.id, one.source.name], value);
  }
}
